// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "labtraffic.h"

#include <tidepool/clientpool.h>
#include <tidepool/serverpool.h>

#include <QtNetwork/QSslSocket>

#include <cmath>

namespace Dashboard {

using Tidepool::Connection;
using Tidepool::ConnectionId;
using Tidepool::TakeResult;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto arrivalTick = 10ms;
constexpr auto visitorPatience = 10s;
constexpr auto answerPatience = 2s;
// A visit ends at either end if no byte arrives for this time.
constexpr auto visitLimit = 20s;
constexpr qint64 smallestReply = qint64(16) * 1024;
constexpr qint64 largestReply = qint64(192) * 1024;
constexpr qsizetype chunk = qsizetype(16) * 1024;
constexpr qint64 maximumUnsent = qint64(64) * 1024;
constexpr qint64 longestRequest = 32;

} // namespace

/// One visitor with a connection: requests, receives, leaves.
class LabTraffic::Visit : public QObject
{
public:
    Visit(LabTraffic &traffic, Connection connection, qint64 wanted)
        : QObject(&traffic), m_traffic(traffic), m_connection(std::move(connection)), m_wanted(wanted)
    {
        ++m_traffic.m_visitors;
        QSslSocket *socket = m_connection.socket();
        connect(socket, &QSslSocket::readyRead, this, &Visit::read);
        connect(socket, &QSslSocket::disconnected, this, &QObject::deleteLater);
        connect(&m_limit, &QTimer::timeout, this, &QObject::deleteLater);
        m_limit.start(visitLimit);
        const QByteArray request = QByteArray::number(wanted) + '\n';
        m_traffic.m_bytesUp += request.size();
        socket->write(request);
    }
    ~Visit() override
    {
        --m_traffic.m_visitors;
        if (QSslSocket *socket = m_connection.socket())
            socket->disconnect(this);
    }

private:
    void read()
    {
        const qint64 got = m_connection.socket()->readAll().size();
        m_received += got;
        m_traffic.m_bytesDown += got;
        if (m_received >= m_wanted)
            deleteLater();
    }

    LabTraffic &m_traffic;
    Connection m_connection;
    QTimer m_limit;
    const qint64 m_wanted;
    qint64 m_received = 0;
};

/// The service's side of a visit.
class LabTraffic::Answer : public QObject
{
public:
    Answer(LabTraffic &traffic, Connection connection) : QObject(&traffic), m_connection(std::move(connection))
    {
        QSslSocket *socket = m_connection.socket();
        connect(socket, &QSslSocket::readyRead, this, &Answer::read);
        connect(socket, &QSslSocket::encryptedBytesWritten, this, &Answer::write);
        connect(socket, &QSslSocket::disconnected, this, &QObject::deleteLater);
        connect(&m_limit, &QTimer::timeout, this, &QObject::deleteLater);
        m_limit.start(visitLimit);
        read();
    }
    ~Answer() override
    {
        if (QSslSocket *socket = m_connection.socket())
            socket->disconnect(this);
    }

private:
    void read()
    {
        QSslSocket &socket = *m_connection.socket();
        if (m_left > 0 || !socket.canReadLine()) {
            if (socket.bytesAvailable() > longestRequest)
                deleteLater();
            return;
        }
        m_left = std::clamp<qint64>(socket.readLine(longestRequest).trimmed().toLongLong(), 0, largestReply);
        write();
    }

    void write()
    {
        static const QByteArray block(chunk, 'w');
        QSslSocket &socket = *m_connection.socket();
        while (m_left > 0 && socket.encryptedBytesToWrite() + socket.bytesToWrite() < maximumUnsent) {
            const qint64 part = std::min<qint64>(m_left, chunk);
            socket.write(block.constData(), part);
            m_left -= part;
        }
    }

    Connection m_connection;
    QTimer m_limit;
    qint64 m_left = 0;
};

LabTraffic::LabTraffic(Tidepool::ClientPool &client, Tidepool::ServerPool &server) : m_client(client), m_server(server)
{
    m_arrival.setParent(this); // so that the object moves to the lab's thread
    m_arrival.setTimerType(Qt::PreciseTimer);
    m_arrival.setInterval(arrivalTick);
    connect(&m_arrival, &QTimer::timeout, this, &LabTraffic::come);
    connect(&server, &Tidepool::Pool::connectionReadable, this, &LabTraffic::spoken);
}

LabTraffic::~LabTraffic()
{
    stop();
}

void LabTraffic::setRate(double perSecond)
{
    m_perSecond = perSecond;
    if (perSecond <= 0) {
        m_arrival.stop();
        return;
    }
    m_nextArrival = Clock::now();
    m_arrival.start();
}

void LabTraffic::burst(int visitors)
{
    for (int i = 0; i < visitors; ++i)
        visit();
}

void LabTraffic::stop()
{
    setRate(0);
    const QObjectList guests = children();
    for (QObject *guest : guests) {
        if (guest != &m_arrival)
            delete guest;
    }
}

void LabTraffic::come()
{
    const auto now = Clock::now();
    while (m_nextArrival <= now) {
        visit();
        const double gap = -std::log(1.0 - m_random.generateDouble()) / m_perSecond;
        m_nextArrival += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(gap));
    }
}

void LabTraffic::visit()
{
    m_client.take(visitorPatience).then(this, [this](const TakeResult &result) {
        // Logarithmic, like sizes on the web, which are mostly small.
        const double size =
            double(smallestReply) * std::pow(double(largestReply) / smallestReply, m_random.generateDouble());
        if (result)
            new Visit(*this, result.connection(), static_cast<qint64>(size));
    });
}

void LabTraffic::spoken(ConnectionId id)
{
    m_server.take(id, answerPatience).then(this, [this](const TakeResult &result) {
        if (result && result.connection().socket())
            new Answer(*this, result.connection());
    });
}

} // namespace Dashboard
