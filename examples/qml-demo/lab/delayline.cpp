// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "delayline.h"

#include <QtCore/QTimer>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpSocket>

#include <deque>

namespace Dashboard {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int backlog = 1'024;
// With more bytes in transit in one direction, the line stops reading, because a real line has a limited bandwidth.
constexpr qint64 maximumUnderWay = qint64(1024) * 1024;

/// One direction: received bytes wait for their time, in order.
class DelayedWay : public QObject
{
public:
    DelayedWay(QTcpSocket &from, QTcpSocket &to, const DelayLine &line, QObject *parent)
        : QObject(parent), m_from(from), m_to(to), m_line(line)
    {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        connect(&m_timer, &QTimer::timeout, this, &DelayedWay::deliver);
        connect(&from, &QTcpSocket::readyRead, this, &DelayedWay::read);
        connect(&from, &QTcpSocket::disconnected, this, &DelayedWay::close);
        connect(&to, &QTcpSocket::connected, this, &DelayedWay::deliver);
    }

private:
    void read()
    {
        if (m_underWay >= maximumUnderWay || m_from.bytesAvailable() == 0)
            return;
        m_parcels.push_back({Clock::now() + m_line.delay(), m_from.readAll()});
        m_underWay += m_parcels.back().bytes.size();
        schedule();
    }

    // An empty parcel marks the end of the stream.
    void close()
    {
        read();
        m_parcels.push_back({Clock::now() + m_line.delay(), {}});
        schedule();
    }

    void schedule()
    {
        if (m_timer.isActive() || m_parcels.empty())
            return;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(m_parcels.front().due - Clock::now()).count();
        m_timer.start(static_cast<int>(std::max<std::chrono::milliseconds::rep>(left, 0)));
    }

    void deliver()
    {
        if (m_to.state() == QAbstractSocket::ConnectingState)
            return;
        while (!m_parcels.empty() && m_parcels.front().due <= Clock::now() + std::chrono::milliseconds(1)) {
            const QByteArray bytes = m_parcels.front().bytes;
            m_parcels.pop_front();
            if (bytes.isEmpty()) {
                m_to.disconnectFromHost();
                return;
            }
            m_underWay -= bytes.size();
            m_to.write(bytes);
        }
        read();
        schedule();
    }

    struct Parcel
    {
        Clock::time_point due;
        QByteArray bytes;
    };
    QTcpSocket &m_from;
    QTcpSocket &m_to;
    const DelayLine &m_line;
    QTimer m_timer;
    std::deque<Parcel> m_parcels;
    qint64 m_underWay = 0;
};

/// One connection over the line. Destroyed when both ends have closed.
class Link : public QObject
{
public:
    Link(qintptr descriptor, quint16 target, DelayLine &line)
        : QObject(&line), m_there(m_near, m_far, line, this), m_back(m_far, m_near, line, this)
    {
        for (QTcpSocket *socket : {&m_near, &m_far}) {
            socket->setProxy(QNetworkProxy::NoProxy);
            connect(socket, &QTcpSocket::stateChanged, this, &Link::endIfOver);
        }
        m_near.setSocketDescriptor(descriptor);
        m_near.setSocketOption(QAbstractSocket::LowDelayOption, 1);
        connect(&m_far, &QTcpSocket::connected, this,
                [this] { m_far.setSocketOption(QAbstractSocket::LowDelayOption, 1); });
        // Nobody listens at the far end. To the near end this looks as if the far end had closed.
        connect(&m_far, &QTcpSocket::errorOccurred, this, [this] {
            if (m_far.state() == QAbstractSocket::UnconnectedState)
                m_near.abort();
        });
        m_far.connectToHost(QHostAddress(QHostAddress::LocalHost), target);
    }

private:
    void endIfOver()
    {
        if (m_near.state() == QAbstractSocket::UnconnectedState && m_far.state() == QAbstractSocket::UnconnectedState)
            deleteLater();
    }

    QTcpSocket m_near;
    QTcpSocket m_far;
    DelayedWay m_there;
    DelayedWay m_back;
};

} // namespace

DelayLine::DelayLine(QObject *parent) : QTcpServer(parent)
{
    setListenBacklogSize(backlog);
    setProxy(QNetworkProxy::NoProxy);
}

bool DelayLine::open(quint16 port, quint16 target)
{
    m_target = target;
    return listen(QHostAddress(QHostAddress::LocalHost), port);
}

void DelayLine::cut()
{
    close();
    const QObjectList links = children();
    for (QObject *link : links) {
        if (dynamic_cast<Link *>(link))
            delete link;
    }
}

void DelayLine::incomingConnection(qintptr descriptor)
{
    new Link(descriptor, m_target, *this);
}

} // namespace Dashboard
