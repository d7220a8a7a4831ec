// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/poolerror.h>

#include <QtCore/QDebug>
#include <QtCore/QMetaEnum>

#include <utility>

namespace Tidepool {

namespace {
template <typename Enum>
const char *keyOf(Enum value)
{
    return QMetaEnum::fromType<Enum>().valueToKey(static_cast<int>(value));
}
} // namespace

// Null without an error, because every served take moves a TakeResult several times. Never changed after construction,
// because copies can be in several threads.
struct PoolError::Data
{
    Phase phase = Phase::Wait;
    ErrorKind kind = ErrorKind::None;
    QString message;
    QString peer;
    std::shared_ptr<const PoolStatus> status;
};

PoolError::PoolError(Phase phase, ErrorKind kind, const QString &message)
    : m_data(std::make_shared<const Data>(Data{phase, kind, message, {}, {}}))
{}

PoolError::Data PoolError::data() const
{
    return m_data ? *m_data : Data();
}

Phase PoolError::phase() const
{
    return m_data ? m_data->phase : Phase::Wait;
}

ErrorKind PoolError::kind() const
{
    return m_data ? m_data->kind : ErrorKind::None;
}

bool PoolError::isFatal() const
{
    switch (kind()) {
    case ErrorKind::Certificate:
    case ErrorKind::Pin:
    case ErrorKind::Settings:
        return true;
    default:
        return false;
    }
}

bool PoolError::isLasting() const
{
    return kind() == ErrorKind::CertificateDate || kind() == ErrorKind::SourceAddress;
}

QString PoolError::message() const
{
    return m_data ? m_data->message : QString();
}

QString PoolError::peer() const
{
    return m_data ? m_data->peer : QString();
}

void PoolError::setPeer(const QString &peer)
{
    Data changed = data();
    changed.peer = peer;
    m_data = std::make_shared<const Data>(std::move(changed));
}

std::shared_ptr<const PoolStatus> PoolError::status() const
{
    return m_data ? m_data->status : nullptr;
}

void PoolError::setStatus(const PoolStatus &status)
{
    Data changed = data();
    changed.status = std::make_shared<const PoolStatus>(status);
    m_data = std::make_shared<const Data>(std::move(changed));
}

bool operator==(const PoolError &a, const PoolError &b)
{
    return a.m_data == b.m_data
        || (a.phase() == b.phase() && a.kind() == b.kind() && a.message() == b.message() && a.peer() == b.peer());
}

QDebug operator<<(QDebug debug, const PoolError &error)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().noquote() << "PoolError(";
    if (error) {
        debug << keyOf(error.phase()) << ", " << keyOf(error.kind()) << ", \"" << error.message() << '"';
        if (!error.peer().isEmpty())
            debug << ", " << error.peer();
    } else {
        debug << "none";
    }
    return debug << ')';
}

} // namespace Tidepool
