// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../log.h"
#include "watcher.h"

#include <QtCore/QSocketNotifier>

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace Tidepool {

namespace {

// One epoll instance holds all parked descriptors and is itself one descriptor in the lane's poll(), so a
// turn of the lane's loop costs the same with ten parked connections and with ten thousand.
//
// To end a watch is a system call as dear as the whole rest of a take but the pull, so remove() leaves it to the lane:
// one-shot watches report at most once too often, and a descriptor that is closed leaves the set by itself.
class EpollWatcher final : public Watcher, public std::enable_shared_from_this<EpollWatcher>
{
public:
    EpollWatcher(PostToLane post, Report report)
        : m_post(std::move(post)), m_report(std::move(report)), m_epoll(::epoll_create1(EPOLL_CLOEXEC))
    {
        m_left.reserve(maximumLeft);
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

    quint64 add(qintptr descriptor, quint64 token, For what) override
    {
        Q_ASSERT(descriptor >= 0);
        epoll_event event{};
        event.events = EPOLLONESHOT | EPOLLRDHUP;
        if (what == For::Readable)
            event.events |= EPOLLIN;
        event.data.u64 = token;
        const auto place = static_cast<size_t>(descriptor);
        const std::scoped_lock lock(m_setMutex);
        if (place >= m_watches.size())
            m_watches.resize(place + 1);
        m_watches[place] = ++m_lastWatch;
        if (m_epoll >= 0 && !control(EPOLL_CTL_ADD, descriptor, event)
            && !(errno == EEXIST && control(EPOLL_CTL_MOD, descriptor, event)) && std::has_single_bit(++m_unwatched))
            qCWarning(lcTidepool,
                      "Cannot watch a parked connection: %s. Its end is noticed when it is taken. (%llu such so far)",
                      std::strerror(errno), static_cast<unsigned long long>(m_unwatched));
        return m_lastWatch;
    }

    void remove(qintptr descriptor, quint64 watch) override
    {
        bool isFull = false;
        {
            const std::scoped_lock lock(m_leftMutex);
            m_left.push_back({descriptor, watch});
            isFull = m_left.size() == maximumLeft;
        }
        if (!isFull)
            return;
        m_post([weak = weak_from_this()] {
            if (const auto self = weak.lock())
                self->sweep();
        });
    }

private:
    struct Left
    {
        qintptr descriptor;
        quint64 watch;
    };
    static constexpr size_t maximumLeft = 64;

    bool control(int operation, qintptr descriptor, epoll_event &event) const
    {
        return ::epoll_ctl(m_epoll, operation, static_cast<int>(descriptor), &event) == 0;
    }

    void collect()
    {
        // What does not fit is reported at the next turn.
        std::array<epoll_event, 64> events; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the kernel
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < count; ++i)
            m_report(events[static_cast<size_t>(i)].data.u64);
        sweep();
    }

    // A descriptor that was closed and is watched again has another number; one that is not watched again is not in the
    // set, and the call fails without harm.
    void sweep()
    {
        std::vector<Left> swept;
        {
            const std::scoped_lock lock(m_leftMutex);
            if (m_left.empty())
                return;
            swept.swap(m_left);
            m_left.reserve(maximumLeft); // here, and not bit by bit in the takers
        }
        epoll_event unused{};
        const std::scoped_lock lock(m_setMutex);
        for (const Left &left : swept) {
            const auto place = static_cast<size_t>(left.descriptor);
            if (place < m_watches.size() && m_watches[place] == left.watch)
                (void)control(EPOLL_CTL_DEL, left.descriptor, unused);
        }
    }

    PostToLane m_post;
    Report m_report;
    int m_epoll;
    std::unique_ptr<QSocketNotifier> m_notifier;

    std::mutex m_setMutex; // system calls under it
    std::vector<quint64> m_watches; // the last one of each descriptor
    quint64 m_lastWatch = 0;
    quint64 m_unwatched = 0; // for the log

    std::mutex m_leftMutex; // none under it: takers wait for it
    std::vector<Left> m_left; // to be removed
};

} // namespace

std::shared_ptr<Watcher> makeWatcher(PostToLane post, Watcher::Report report)
{
    return std::make_shared<EpollWatcher>(std::move(post), std::move(report));
}

} // namespace Tidepool
