// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/enums.h>
#include <tidepool/poolstatus.h>

#include <QtCore/QString>

#include <memory>

QT_FORWARD_DECLARE_CLASS(QDebug)

namespace Tidepool {

/// What failed, in which phase, and what to do about it. A value type, usable in any thread.
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
    /// True if the settings are wrong: a further attempt cannot succeed until a setting changes. After such an error
    /// the pool stops dialling until a setting changes or ClientPool::retryNow() is called. The kinds are Settings, Pin
    /// and Certificate. A wrong pin, name or issuer can be an attack, and somebody must check it, even if only one of
    /// several servers is affected.
    [[nodiscard]] bool isFatal() const;
    /// True if the error can end without a change of settings, but probably not soon. The kinds are CertificateDate (a
    /// clock that is not set yet, or an expired certificate of one of several servers) and SourceAddress (an interface
    /// that is down). From the second such error in a row on, the pool tries again after each Backoff::cap, reduced by
    /// a random part of up to one half.
    [[nodiscard]] bool isLasting() const;
    /// A sentence for people: what happened and what to do. The message names a client without its port. See peer().
    [[nodiscard]] QString message() const;
    /// The failed client of a ServerPool: "address:port". Empty for every other error.
    [[nodiscard]] QString peer() const;
    void setPeer(const QString &peer);

    /// For an error of Phase::Wait: the status of the pool when the wait ended. Otherwise nullptr.
    [[nodiscard]] std::shared_ptr<const PoolStatus> status() const;
    /// Attaches the pool's status.
    void setStatus(const PoolStatus &status);

    /// True if there is an error.
    explicit operator bool() const { return m_data && kind() != ErrorKind::None; }

    /// True if phase, kind, message and peer are equal.
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
