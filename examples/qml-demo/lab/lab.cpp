// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "lab.h"

#include "delayline.h"
#include "hostileclients.h"
#include "labtraffic.h"

#include <algorithm>
#include <utility>

namespace Dashboard {

using namespace std::chrono_literals;

namespace {

constexpr auto outageTick = 100ms;
constexpr auto comebackPause = 1s;
constexpr int leastMaximum = 64;
// Short, so that within a minute the user sees the pool adapt, and sees the server close silent clients.
constexpr auto shortestInterval = 100ms;
constexpr auto longestInterval = 1'000ms;
constexpr auto longestBackoff = 4s;
constexpr auto serverPatience = 2s;

template <typename Object, typename Function>
void callIn(Object *object, Function function)
{
    QMetaObject::invokeMethod(object, std::move(function), Qt::QueuedConnection);
}

/// Calls the function in the object's thread and waits. The object's thread never waits for this thread.
template <typename Object, typename Function>
void callAndWait(Object *object, Function function)
{
    QMetaObject::invokeMethod(object, std::move(function), Qt::BlockingQueuedConnection);
}

} // namespace

Lab::Lab(QObject *parent)
    : QObject(parent)
    , m_line(new DelayLine)
    , m_traffic(new LabTraffic(m_client, m_server))
    , m_hostileClients(new HostileClients)
{
    // One certificate for the lifetime of the lab, because the client has pinned it, and an outage must not change it.
    const Tidepool::CertificateAndKey identity = Tidepool::makeSelfSignedCertificate(QStringLiteral("tidepool lab"));
    Tidepool::TlsOptions tls;
    tls.mode = Tidepool::TlsMode::SelfSigned;
    tls.certificateChain = {identity.certificate};
    tls.privateKey = identity.privateKey;
    m_server.setTls(tls);
    tls = {};
    tls.mode = Tidepool::TlsMode::SelfSigned;
    tls.pins = {Tidepool::certificateFingerprint(identity.certificate)};
    m_client.setTls(tls);
    m_client.setHost(QStringLiteral("127.0.0.1"));
    Tidepool::Timeouts timeouts;
    timeouts.handshake = serverPatience;
    timeouts.identify = serverPatience;
    m_server.setTimeouts(timeouts);
    m_client.setMinimumInterval(shortestInterval);
    m_client.setMaximumInterval(longestInterval);
    Tidepool::Backoff backoff;
    backoff.cap = longestBackoff;
    m_client.setBackoff(backoff);

    m_thread.setObjectName(QStringLiteral("tidepool-lab"));
    for (QObject *object : {static_cast<QObject *>(m_line), static_cast<QObject *>(m_traffic),
                            static_cast<QObject *>(m_hostileClients)}) {
        object->moveToThread(&m_thread);
        connect(&m_thread, &QThread::finished, object, &QObject::deleteLater);
    }
    connect(m_hostileClients, &HostileClients::dispersed, this, [this] {
        m_isHostile = false;
        emit hostileChanged();
    });
    m_outageEnd.setSingleShot(true);
    connect(&m_outageEnd, &QTimer::timeout, this, &Lab::endOutage);
    m_outageTick.setInterval(outageTick);
    connect(&m_outageTick, &QTimer::timeout, this, &Lab::outageLeftChanged);
    m_line->setDelay(std::chrono::milliseconds(m_roundTripMs) / 2);
    m_thread.start();
}

Lab::~Lab()
{
    stop();
    m_thread.quit();
    m_thread.wait();
}

void Lab::setLoad(int visitorsPerSecond)
{
    const int load = std::clamp(visitorsPerSecond, 0, maximumLoad());
    if (load == m_load)
        return;
    m_load = load;
    if (m_isRunning)
        callIn(m_traffic, [traffic = m_traffic, load] { traffic->setRate(load); });
    emit loadChanged();
}

void Lab::setRoundTripMs(int milliseconds)
{
    const int roundTrip = std::clamp(milliseconds, 0, maximumRoundTripMs());
    if (roundTrip == m_roundTripMs)
        return;
    m_roundTripMs = roundTrip;
    m_line->setDelay(std::chrono::milliseconds(roundTrip) / 2);
    emit roundTripChanged();
}

void Lab::setMinimumWarm(int connections)
{
    const int minimum = std::clamp(connections, 1, maximumWarm());
    if (minimum == minimumWarm())
        return;
    // The order of the calls prevents a moment in which the minimum exceeds the maximum.
    if (minimum > m_client.maximumCapacity())
        m_client.setMaximumCapacity(minimum);
    m_client.setMinimumCapacity(minimum);
    m_client.setMaximumCapacity(std::max(leastMaximum, minimum));
    emit minimumWarmChanged();
}

int Lab::outageLeftMs() const
{
    return std::max(m_outageEnd.remainingTime(), 0);
}

qint64 Lab::bytesDown() const
{
    return m_traffic->bytesDown();
}

qint64 Lab::bytesUp() const
{
    return m_traffic->bytesUp();
}

int Lab::visitors() const
{
    return m_traffic->visitors();
}

QString Lab::start()
{
    if (m_isRunning)
        return {};
    if (const QString reason = openServer(); !reason.isEmpty()) {
        m_server.close();
        return QStringLiteral("The lab cannot listen on this machine's loopback (%1). Allow this program to listen on "
                              "127.0.0.1, then start the lab again.")
            .arg(reason);
    }
    m_client.start();
    callIn(m_traffic, [traffic = m_traffic, load = m_load] { traffic->setRate(load); });
    m_isRunning = true;
    emit runningChanged();
    return {};
}

QString Lab::openServer()
{
    if (!m_server.isListening() && !m_server.listen(QHostAddress(QHostAddress::LocalHost)))
        return m_server.lastError().message();
    // After an outage, the server uses the same port, because the client dials that port.
    quint16 port = 0;
    QString reason;
    callAndWait(m_line, [line = m_line, &port, &reason, target = m_server.serverPort(), wanted = m_client.port()] {
        if (line->open(wanted, target) || line->open(0, target))
            port = line->serverPort();
        else
            reason = line->errorString();
    });
    if (port != 0)
        m_client.setPort(port);
    return reason;
}

void Lab::setTrouble(const QString &trouble)
{
    if (std::exchange(m_trouble, trouble) != trouble)
        emit troubleChanged();
}

void Lab::stop()
{
    if (!m_isRunning)
        return;
    m_isRunning = false;
    m_client.close();
    m_server.close();
    callAndWait(m_traffic, [traffic = m_traffic, line = m_line] {
        traffic->stop();
        line->cut();
    });
    if (std::exchange(m_isOutage, false)) {
        m_outageEnd.stop();
        m_outageTick.stop();
        setTrouble({});
        emit outageChanged();
    }
    emit runningChanged();
}

void Lab::burst(int visitors)
{
    if (m_isRunning)
        callIn(m_traffic, [traffic = m_traffic, visitors] { traffic->burst(visitors); });
}

void Lab::beginOutage(int milliseconds)
{
    if (!m_isRunning || m_isOutage)
        return;
    m_isOutage = true;
    m_server.close();
    callAndWait(m_line, [line = m_line] { line->cut(); });
    m_outageEnd.start(milliseconds);
    m_outageTick.start();
    emit outageChanged();
    emit outageLeftChanged();
}

void Lab::endOutage()
{
    if (!m_isOutage)
        return;
    if (const QString reason = openServer(); !reason.isEmpty()) {
        // Like a lack of file descriptors, the error is temporary. The outage lasts until the next successful attempt.
        m_outageEnd.start(comebackPause);
        setTrouble(
            QStringLiteral("The lab's server cannot come back (%1). Close other programs or keep fewer connections "
                           "warm; it tries again every second.")
                .arg(reason));
        return;
    }
    m_isOutage = false;
    m_outageEnd.stop();
    m_outageTick.stop();
    setTrouble({});
    emit outageChanged();
    emit outageLeftChanged();
}

void Lab::attack(int clients)
{
    if (!m_isRunning || m_isOutage || m_isHostile)
        return;
    m_isHostile = true;
    callIn(m_hostileClients,
           [hostile = m_hostileClients, port = m_server.serverPort(), clients] { hostile->attack(port, clients); });
    emit hostileChanged();
}

} // namespace Dashboard
