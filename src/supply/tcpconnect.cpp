// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tcpconnect.h"

#include "../io/descriptorlimit.h"
#include "../io/ipaddress.h"
#include "socketerror.h"

#include <QtNetwork/QHostInfo>
#include <QtNetwork/QSslSocket>

#include <algorithm>

namespace Tidepool {

namespace {

using namespace std::chrono_literals;

constexpr auto longestDelay = 250ms; // RFC 8305, section 8: the recommended connection attempt delay
constexpr auto shortestDelay = 10ms; // and the least that it allows

bool isIPv4(const QHostAddress &address)
{
    return ipv4Of(address).has_value();
}

// An answer, be it a refusal, tells more than silence, and silence more than a family that this machine has no route
// for.
int rank(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Resources:
        return 5;
    case ErrorKind::Refused:
        return 4;
    case ErrorKind::PeerClosed:
        return 3;
    case ErrorKind::Timeout:
        return 2;
    case ErrorKind::None:
        return -1;
    case ErrorKind::Unreachable:
        return 0;
    default:
        return 1;
    }
}

} // namespace

bool tellsMore(const PoolError &a, const PoolError &b)
{
    return rank(a.kind()) > rank(b.kind());
}

TcpConnect::TcpConnect(const TcpTarget &target) : m_target(target)
{
    if (m_target.source == QHostAddress::Any)
        m_target.source.clear(); // the system chooses, and so of either family
    m_next.setSingleShot(true);
    connect(&m_next, &QTimer::timeout, this, &TcpConnect::beginNext);
}

TcpConnect::~TcpConnect()
{
    if (m_lookup >= 0)
        QHostInfo::abortHostLookup(m_lookup);
}

void TcpConnect::start()
{
    const QHostAddress literal(m_target.host);
    if (!m_target.addresses.isEmpty()) {
        connectTo(m_target.addresses);
    } else if (!literal.isNull()) {
        connectTo({literal});
    } else if (!hasFreeDescriptors(descriptorsOfALookup)) {
        fail({Phase::Resolve, ErrorKind::Resources,
              QStringLiteral(
                  "There are not enough descriptors to look up %1; raise the limit of open files (ulimit -n).")
                  .arg(m_target.host)});
    } else {
        m_lookup = QHostInfo::lookupHost(m_target.host, this, [this](const QHostInfo &info) {
            m_lookup = -1;
            if (info.addresses().isEmpty())
                fail(lookupError(info.errorString(), m_target.endpoint));
            else
                connectTo(info.addresses());
        });
    }
}

QList<QHostAddress> TcpConnect::inTurns(const QList<QHostAddress> &addresses)
{
    if (addresses.isEmpty())
        return {};
    QList<QHostAddress> first;
    QList<QHostAddress> second;
    const bool begins = isIPv4(addresses.constFirst());
    for (const QHostAddress &address : addresses)
        (isIPv4(address) == begins ? first : second).append(address);
    QList<QHostAddress> result;
    for (qsizetype i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size())
            result.append(first.at(i));
        if (i < second.size())
            result.append(second.at(i));
    }
    return result;
}

void TcpConnect::connectTo(const QList<QHostAddress> &addresses)
{
    const bool isBound = !m_target.source.isNull();
    for (const QHostAddress &address : inTurns(addresses)) {
        if (!isBound || isIPv4(m_target.source) == isIPv4(address))
            m_addresses.append(address);
    }
    if (m_addresses.isEmpty()) {
        fail({Phase::Resolve, ErrorKind::HostNotFound,
              QStringLiteral("%1 has no address of the kind of the source address %2; set another sourceAddress.")
                  .arg(m_target.endpoint, m_target.source.toString())});
        return;
    }
    m_hasSeveral = m_addresses.size() > 1;
    // So that each gets its turn, however many there are and however short the time.
    m_delay = std::clamp<std::chrono::milliseconds>(m_target.patience / (m_addresses.size() + 1), shortestDelay,
                                                    longestDelay);
    emit resolved();
    beginNext();
}

void TcpConnect::beginNext()
{
    m_next.stop();
    while (!m_isOver && !m_addresses.isEmpty()) {
        const QHostAddress address = m_addresses.takeFirst();
        const QString peer =
            m_hasSeveral ? QStringLiteral("%1 at %2").arg(m_target.endpoint, address.toString()) : m_target.endpoint;
        m_attempts.push_back(TcpAttempt::begin(address, m_target.port, m_target.source, peer));
        TcpAttempt *attempt = m_attempts.back().get();
        if (attempt->state() == TcpAttempt::State::Connecting) {
            connect(attempt, &TcpAttempt::ended, this, [this, attempt] { onEnded(attempt); });
            if (!m_addresses.isEmpty())
                m_next.start(m_delay);
            return;
        }
        onEnded(attempt);
    }
}

void TcpConnect::onEnded(TcpAttempt *attempt)
{
    if (m_isOver)
        return;
    if (attempt->state() == TcpAttempt::State::Connected) {
        m_isOver = true;
        m_winner = attempt;
        m_next.stop();
        for (const auto &other : m_attempts) {
            if (other.get() != attempt)
                other->giveUp();
        }
        emit connected();
        return;
    }
    keepMostTelling(attempt->error());
    const bool isLast = m_addresses.isEmpty() && std::ranges::none_of(m_attempts, [](const auto &other) {
                            return other->state() == TcpAttempt::State::Connecting;
                        });
    if (isLast)
        fail(m_error);
    else if (!m_addresses.isEmpty())
        m_next.start(0ms);
}

void TcpConnect::fail(const PoolError &error)
{
    m_isOver = true;
    m_error = error;
    emit failed();
}

void TcpConnect::keepMostTelling(const PoolError &error)
{
    if (!m_error || tellsMore(error, m_error))
        m_error = error;
}

std::unique_ptr<QSslSocket> TcpConnect::takeSocket()
{
    return m_winner ? m_winner->takeSocket() : nullptr;
}

} // namespace Tidepool
