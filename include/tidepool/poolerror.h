// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/enums.h>
#include <tidepool/poolstatus.h>

#include <QtCore/QString>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QDebug)

namespace Tidepool {

/// What went wrong, where, and what to do about it. A value type, usable in any thread.
class TIDEPOOL_EXPORT PoolError
{
    Q_GADGET
    Q_PROPERTY(Tidepool::Phase phase READ phase)
    Q_PROPERTY(Tidepool::ErrorKind kind READ kind)
    Q_PROPERTY(bool fatal READ isFatal)
    Q_PROPERTY(bool lasting READ isLasting)
    Q_PROPERTY(QString message READ message)
    Q_PROPERTY(QString peer READ peer)

public:
    /// No error.
    PoolError() = default;
    PoolError(Phase phase, ErrorKind kind, const QString &message);

    [[nodiscard]] Phase phase() const;
    [[nodiscard]] ErrorKind kind() const;
    /// True if the settings are wrong: trying again cannot help until one changes. The pool stops dialling after such
    /// an error, until a setting changes or ClientPool::retryNow(). These are the kinds Settings, Pin and Certificate:
    /// a wrong pin, name or issuer may be an attack, which somebody has to look at, even if it is one server of
    /// several.
    [[nodiscard]] bool isFatal() const;
    /// True if something is wrong now that may become right without a change of settings, but hardly at once: the kinds
    /// CertificateDate (a clock that is not set yet, one server of several with an expired certificate) and
    /// SourceAddress (an interface that is down). From the second in a row on, the pool tries again every
    /// Backoff::cap, less up to a half of it.
    [[nodiscard]] bool isLasting() const;
    /// A sentence for people: what happened and what to do. A client is named without its port, see peer().
    [[nodiscard]] QString message() const;
    /// A failed client of a ServerPool: "address:port". Empty for every other error.
    [[nodiscard]] QString peer() const;
    void setPeer(const QString &peer);

    /// For an error of Phase::Wait: the pool when the wait ended. nullptr otherwise.
    [[nodiscard]] std::shared_ptr<const PoolStatus> status() const;
    /// Attaches the pool's status.
    void setStatus(const PoolStatus &status);

    /// True if there is an error.
    explicit operator bool() const { return m_data && kind() != ErrorKind::None; }

    /// True if both say the same: phase, kind, message and peer.
    friend TIDEPOOL_EXPORT bool operator==(const PoolError &a, const PoolError &b);
    friend bool operator!=(const PoolError &a, const PoolError &b) { return !(a == b); }

private:
    struct Data;
    [[nodiscard]] Data data() const;

    std::shared_ptr<const Data> m_data; ///< Shared by the copies; nullptr: no error.
};

/// `PoolError(Handshake, Timeout, "what happened")`, for qDebug() and for the messages of QCOMPARE().
TIDEPOOL_EXPORT QDebug operator<<(QDebug debug, const PoolError &error);

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::PoolError)
