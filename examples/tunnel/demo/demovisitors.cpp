// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "demovisitors.h"

#include "demotarget.h"

#include <QtNetwork/QHostAddress>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpSocket>

namespace Tunnel {

namespace {

constexpr qsizetype checksumSize = 32;
constexpr qint64 visitReadBuffer = qint64(256) * 1024;
// If no byte moves for this time, the visitor gives up, and the demo fails.
constexpr std::chrono::milliseconds stillFor{15'000};

} // namespace

/// One visitor, from the connect to the result.
class DemoVisitors::Visit : public QObject
{
public:
    Visit(DemoVisitors &crowd, int variant)
        : QObject(&crowd), m_crowd(crowd), m_variant(variant), m_outflow(crowd.m_data, variant)
    {
        m_socket.setProxy(QNetworkProxy::NoProxy);
        m_socket.setReadBufferSize(visitReadBuffer);
        m_patience.setSingleShot(true);
        connect(&m_socket, &QTcpSocket::connected, this, &Visit::greet);
        connect(&m_socket, &QTcpSocket::readyRead, this, &Visit::read);
        connect(&m_socket, &QTcpSocket::bytesWritten, this, &Visit::write);
        connect(&m_socket, &QTcpSocket::disconnected, this, &Visit::finish);
        // Queued, because a connect that fails at once would start the next visit inside this one, and so on.
        connect(&m_socket, &QTcpSocket::errorOccurred, this, &Visit::finish, Qt::QueuedConnection);
        connect(&m_patience, &QTimer::timeout, this, &Visit::finish);
        m_patience.start(stillFor);
        m_socket.connectToHost(QHostAddress(QHostAddress::LocalHost), m_crowd.m_plan.port);
    }

private:
    void greet()
    {
        const char variant = static_cast<char>(m_variant);
        m_socket.write(&variant, 1);
        m_greeted = true;
        write();
    }

    void write()
    {
        m_patience.start(stillFor);
        if (m_greeted)
            m_outflow.pump(m_socket);
    }

    void read()
    {
        m_patience.start(stillFor);
        DemoResults &results = m_crowd.m_results;
        if (m_received == 0)
            results.firstByte.add(std::chrono::steady_clock::now() - m_start);
        const qint64 length = m_crowd.m_data.length();
        while (m_socket.bytesAvailable() > 0) {
            if (m_received == length) {
                m_verdict += m_socket.readAll();
                break;
            }
            const QByteArray bytes = m_socket.read(length - m_received);
            m_checksum.add(bytes);
            m_received += bytes.size();
            results.received += bytes.size();
        }
        if (m_verdict.size() >= checksumSize)
            finish();
    }

    void finish()
    {
        if (std::exchange(m_isDone, true))
            return;
        DemoResults &results = m_crowd.m_results;
        const DemoData &data = m_crowd.m_data;
        if (m_verdict.size() != checksumSize) {
            ++results.broken;
            ++results
                  .reasons[m_patience.isActive() ? m_socket.errorString() : QStringLiteral("nothing moved any more")];
        } else {
            const bool up = m_verdict == data.checksum(m_variant);
            const bool down = m_checksum.result() == data.checksum((m_variant + 1) % DemoData::variants);
            results.sent += up ? data.length() : 0;
            results.wrongUp += up ? 0 : 1;
            results.wrongDown += down ? 0 : 1;
            results.right += up && down ? 1 : 0;
        }
        m_patience.stop();
        m_socket.disconnect(this);
        m_socket.abort();
        m_crowd.end(this);
    }

    DemoVisitors &m_crowd;
    const int m_variant;
    const std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
    QTcpSocket m_socket;
    QTimer m_patience;
    Outflow m_outflow;
    Checksum m_checksum;
    QByteArray m_verdict; // the target's checksum of the bytes that it received
    qint64 m_received = 0;
    bool m_greeted = false;
    bool m_isDone = false;
};

DemoVisitors::DemoVisitors(const DemoData &data, const Plan &plan, QObject *parent)
    : QObject(parent), m_data(data), m_plan(plan)
{}

void DemoVisitors::start()
{
    m_end = std::chrono::steady_clock::now() + m_plan.time;
    for (int i = 0; i < m_plan.atOnce; ++i)
        begin();
}

void DemoVisitors::begin()
{
    ++m_results.underWay;
    const int number = m_results.begun++;
    new Visit(*this, number % DemoData::variants);
}

void DemoVisitors::end(Visit *visit)
{
    visit->deleteLater(); // the caller is one of its signals
    --m_results.underWay;
    if (std::chrono::steady_clock::now() < m_end)
        begin();
    else if (m_results.underWay == 0)
        emit finished();
}

} // namespace Tunnel
