// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolstatus.h>
#include <tidepool/vocabulary.h>

#include <QtCore/QString>

#include <memory>

namespace Tidepool {

/// What went wrong, where, and what to do about it. A value type, usable in any thread.
class TIDEPOOL_EXPORT PoolError
{
    Q_GADGET
    Q_PROPERTY(Tidepool::Phase phase READ phase)
    Q_PROPERTY(Tidepool::ErrorKind kind READ kind)
    Q_PROPERTY(bool fatal READ isFatal)
    Q_PROPERTY(QString message READ message)
    Q_PROPERTY(QString peer READ peer)

public:
    /// No error.
    PoolError() = default;
    PoolError(Phase phase, ErrorKind kind, const QString &message) : m_phase(phase), m_kind(kind), m_message(message) {}

    [[nodiscard]] Phase phase() const { return m_phase; }
    [[nodiscard]] ErrorKind kind() const { return m_kind; }
    /// True if trying again cannot help until a setting changes. The pool stops dialling after such
    /// an error, until a setting changes or ClientPool::retryNow().
    [[nodiscard]] bool isFatal() const;
    /// A sentence for people: what happened and what to do. A client is named without its port, see peer().
    [[nodiscard]] QString message() const { return m_message; }
    /// A failed client of a ServerPool: "address:port". Empty for every other error.
    [[nodiscard]] QString peer() const { return m_peer; }
    void setPeer(const QString &peer) { m_peer = peer; }

    /// For an error of Phase::Wait: the pool when the wait ended. nullptr otherwise.
    [[nodiscard]] std::shared_ptr<const PoolStatus> status() const { return m_status; }
    /// Attaches the pool's status.
    void setStatus(const PoolStatus &status) { m_status = std::make_shared<const PoolStatus>(status); }

    /// True if there is an error.
    explicit operator bool() const { return m_kind != ErrorKind::None; }

private:
    Phase m_phase = Phase::Wait;
    ErrorKind m_kind = ErrorKind::None;
    QString m_message;
    QString m_peer;
    std::shared_ptr<const PoolStatus> m_status;
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::PoolError)
