// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../log.h"
#include "watcher.h"

#include <QtCore/QSocketNotifier>

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace Tidepool {

namespace {

// One epoll instance holds all parked descriptors and is itself one descriptor in the lane's poll(), so a
// turn of the lane's loop costs the same with ten parked connections and with ten thousand.
class EpollWatcher final : public Watcher
{
public:
    explicit EpollWatcher(Report report) : m_report(std::move(report)), m_epoll(::epoll_create1(EPOLL_CLOEXEC))
    {
        if (m_epoll < 0) {
            qCWarning(lcTidepool, "Cannot watch parked connections: %s. Their end is noticed when they are taken.",
                      std::strerror(errno));
            return;
        }
        m_notifier = std::make_unique<QSocketNotifier>(m_epoll, QSocketNotifier::Read);
        QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { collect(); });
    }

    // Not in stop(): until nobody can call add() any more, the descriptor must not become somebody else's.
    ~EpollWatcher() override
    {
        if (m_epoll >= 0)
            ::close(m_epoll);
    }
    Q_DISABLE_COPY_MOVE(EpollWatcher)

    void stop() override { m_notifier.reset(); }

    void add(qintptr descriptor, quint64 token, For what) override
    {
        epoll_event event{};
        event.events = what == For::Readable ? EPOLLIN | EPOLLRDHUP : EPOLLRDHUP;
        event.data.u64 = token;
        if (m_epoll >= 0 && ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, static_cast<int>(descriptor), &event) != 0)
            qCWarning(lcTidepool, "Cannot watch a parked connection: %s. Its end is noticed when it is taken.",
                      std::strerror(errno));
    }

    void remove(qintptr descriptor, quint64) override
    {
        epoll_event unused{};
        (void)::epoll_ctl(m_epoll, EPOLL_CTL_DEL, static_cast<int>(descriptor), &unused);
    }

private:
    void collect()
    {
        // What does not fit is reported at the next turn.
        std::array<epoll_event, 64> events; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the kernel
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < count; ++i)
            m_report(events[static_cast<size_t>(i)].data.u64);
    }

    Report m_report;
    int m_epoll;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace

std::shared_ptr<Watcher> makeWatcher(
    PostToLane, // NOLINT(performance-unnecessary-value-param): the portable one keeps it
    Watcher::Report report)
{
    return std::make_shared<EpollWatcher>(std::move(report));
}

} // namespace Tidepool
