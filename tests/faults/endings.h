// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

#include <QtCore/QFile>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

/// Peers that end their connections, and know when their end has arrived.
namespace Races {

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

enum class Ending {
    Close,
    SpeakAndClose,
    Reset,
};

inline void spin(unsigned turns)
{
    static std::atomic<unsigned> sink;
    for (unsigned i = 0; i < turns; ++i)
        sink.fetch_add(1, std::memory_order_relaxed);
}

/// Looks again and again, @p pause apart, and ends the test if @p condition does not come true: nothing here waits for
/// ever.
template <typename Condition>
void waitUntil(const char *what, std::chrono::microseconds pause, Condition condition)
{
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            qFatal("waited 30 s in vain: %s", what);
        if (pause.count() > 0)
            std::this_thread::sleep_for(pause);
    }
}

inline void resetOnClose(int descriptor)
{
    const linger now{1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/// True if the system knows no live connection from @p clientPort to @p serverPort any more, seen from the server.
inline bool isGone(quint16 serverPort, quint16 clientPort)
{
    QFile table(u"/proc/net/tcp"_s);
    if (!table.open(QIODevice::ReadOnly))
        return false;
    const QByteArray pair = " 0100007F:" + QByteArray::number(serverPort, 16).toUpper().rightJustified(4, '0')
        + " 0100007F:" + QByteArray::number(clientPort, 16).toUpper().rightJustified(4, '0') + " 01";
    return !table.readAll().contains(pair);
}

/// A client end that ends on command, in a thread of its own, and tells when its end has arrived at the server.
class Closer
{
public:
    explicit Closer(quint16 serverPort) : m_serverPort(serverPort), m_thread([this] { run(); }) {}
    ~Closer()
    {
        {
            const std::scoped_lock lock(m_mutex);
            m_job = quit;
            m_changed.notify_all();
        }
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Closer)

    /// Returns when the end has arrived.
    static void close(int descriptor, Ending ending)
    {
        if (ending == Ending::SpeakAndClose)
            static_cast<void>(send(descriptor, "bye", 3, MSG_NOSIGNAL));
        shutdown(descriptor, SHUT_WR);
        // The server's system has acknowledged the FIN.
        waitUntil("the FIN is acknowledged", 0us, [descriptor] {
            tcp_info info{};
            socklen_t size = sizeof info;
            getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size);
            return info.tcpi_state != TCP_FIN_WAIT1;
        });
    }

    void go(int descriptor, Ending ending, unsigned delay)
    {
        m_arrived = false;
        const std::scoped_lock lock(m_mutex);
        m_ending = ending;
        m_delay = delay;
        m_isDone = false;
        m_job = descriptor;
        m_changed.notify_all();
    }
    /// The FIN or RST has reached the server's end.
    [[nodiscard]] bool hasArrived() const { return m_arrived; }
    void wait()
    {
        std::unique_lock lock(m_mutex);
        if (!m_changed.wait_for(lock, 30s, [this] { return m_isDone; }))
            qFatal("waited 30 s in vain: the peer's end");
    }

private:
    static constexpr int none = -1;
    static constexpr int quit = -2;

    void run()
    {
        std::unique_lock lock(m_mutex);
        for (;;) {
            m_changed.wait(lock, [this] { return m_job != none; });
            const int job = std::exchange(m_job, none);
            if (job == quit)
                return;
            lock.unlock();
            spin(m_delay);
            if (m_ending == Ending::Reset)
                reset(job);
            else
                close(job, m_ending);
            m_arrived = true;
            lock.lock();
            m_isDone = true;
            m_changed.notify_all();
        }
    }

    void reset(int descriptor) const
    {
        sockaddr_in own{};
        socklen_t size = sizeof own;
        getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &size);
        resetOnClose(descriptor);
        ::close(descriptor);
        waitUntil("the reset has arrived", 20us, [&] { return isGone(m_serverPort, ntohs(own.sin_port)); });
    }

    const quint16 m_serverPort;
    Ending m_ending = Ending::Close;
    unsigned m_delay = 0;
    std::atomic<bool> m_arrived = false;
    std::mutex m_mutex; // the rest
    std::condition_variable m_changed;
    int m_job = none;
    bool m_isDone = true;
    std::thread m_thread; // last: it uses the others
};

inline void waitForActive(const Pool &pool, int active)
{
    waitUntil("the number of parked connections", 20us, [&] { return pool.active() == active; });
}

inline int connectTo(quint16 port)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        qFatal("cannot connect");
    return descriptor;
}

inline ConnectionId readId(int descriptor)
{
    char digits[8] = {};
    const timeval limit{30, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const ssize_t count = recv(descriptor, digits, sizeof digits, MSG_WAITALL);
    return count == 8 ? ConnectionId::fromString(QString::fromLatin1(digits, 8)).value_or(ConnectionId())
                      : ConnectionId();
}

} // namespace Races
