// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "machine.h"

#include "../io/forks.h"
#include "../io/mutex.h"
#include "machineevents.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>
#include <QtNetwork/QNetworkInformation>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QUdpSocket>

#include <atomic>
#include <map>
#include <utility>

namespace Tidepool {

namespace {

using namespace std::chrono_literals;

// Qt's view of the network belongs to the main thread, and goes with the application object.
class RealMachine final : public Machine
{
public:
    // A thread that is held up between the two clocks would seem to have slept.
    ClockReading clocks() const override
    {
        ClockReading reading;
        for (int i = 0; i < 3; ++i) {
            reading.running = std::chrono::steady_clock::now();
            reading.passing = passingClock();
            if (std::chrono::steady_clock::now() - reading.running < 100ms)
                break;
        }
        return reading;
    }

    bool isOnline() const override { return m_isOnline; }

    // To connect a UDP socket is to look up a route.
    std::optional<QHostAddress> sourceTo(const QHostAddress &peer) const override
    {
        QUdpSocket socket;
        socket.setProxy(QNetworkProxy::NoProxy);
        constexpr quint16 discard = 9; // any port would do
        socket.connectToHost(peer, discard);
        if (socket.state() == QAbstractSocket::ConnectedState)
            return socket.localAddress();
        if (socket.error() == QAbstractSocket::SocketResourceError)
            return std::nullopt; // no descriptor is left
        return QHostAddress();
    }

    std::shared_ptr<void> follow(bool withNetwork) override
    {
        if (withNetwork)
            followNetwork();
        const MutexLocker lock(m_mutex);
        std::erase_if(m_events, [](const auto &each) { return each.second.expired(); });
        // A forked child shares the descriptors of its parent's, and would take its events.
        auto &events = m_events[{QThread::currentThread(), forkCount()}];
        if (auto present = events.lock())
            return present;
        const auto made = std::make_shared<QObject>();
        followMachineEvents(*made, [this] { emit changed(); });
        events = made;
        return made;
    }

private:
    // All in the application's thread, to which Qt's view of the network belongs. A backend that is loaded later is
    // found when the next pool starts.
    void followNetwork()
    {
        QCoreApplication *application = QCoreApplication::instance();
        if (!application)
            return;
        const auto follow = [this, application] {
            QNetworkInformation *network = QNetworkInformation::instance();
            if (!network || m_isFollowingNetwork.exchange(true))
                return;
            connect(network, &QNetworkInformation::reachabilityChanged, application,
                    [this](QNetworkInformation::Reachability reachability) { setReachability(reachability); });
            const auto forget = [this] {
                m_isFollowingNetwork = false;
                setReachability(QNetworkInformation::Reachability::Unknown);
            };
            connect(application, &QObject::destroyed, application, forget, Qt::DirectConnection);
            setReachability(network->reachability());
        };
        QMetaObject::invokeMethod(application, follow, Qt::QueuedConnection);
    }

    // Whatever is not known is no reason not to dial.
    void setReachability(QNetworkInformation::Reachability reachability)
    {
        m_isOnline = reachability != QNetworkInformation::Reachability::Disconnected;
        emit changed();
    }

    std::atomic<bool> m_isOnline = true;
    std::atomic<bool> m_isFollowingNetwork = false;
    Mutex m_mutex;
    // One for all pools of a thread.
    std::map<std::pair<QThread *, quint64>, std::weak_ptr<QObject>> m_events TIDEPOOL_GUARDED_BY(m_mutex);
};

struct Current
{
    Mutex mutex;
    // Stays, because the application calls it.
    std::shared_ptr<Machine> machine TIDEPOOL_GUARDED_BY(mutex) = std::make_shared<RealMachine>();
    std::shared_ptr<Machine> replacement TIDEPOOL_GUARDED_BY(mutex);
};

Current &currentMachine()
{
    static auto &current = *new Current; // threads may outlive main()
    return current;
}

} // namespace

// It belongs to no thread: it has no slots, and the thread that asks first may end.
Machine::Machine()
{
    moveToThread(nullptr);
}

std::shared_ptr<Machine> Machine::current()
{
    Current &current = currentMachine();
    const MutexLocker lock(current.mutex);
    return current.replacement ? current.replacement : current.machine;
}

void Machine::replace(std::shared_ptr<Machine> machine)
{
    Current &current = currentMachine();
    const MutexLocker lock(current.mutex);
    std::swap(current.replacement, machine);
}

} // namespace Tidepool
