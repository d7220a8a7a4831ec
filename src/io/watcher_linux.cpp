// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "forks.h"
#include "log.h"
#include "mutex.h"
#include "watcher.h"

#include <QtCore/QSocketNotifier>

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace Tidepool {

namespace {

// One epoll instance holds the parked descriptors of all pools of an I/O thread. The epoll instance itself is one
// descriptor in the poll() of the I/O thread. A turn of the event loop therefore costs the same with ten and with ten
// thousand parked connections or pools.
//
// To end a watch takes a system call. Without the move of the socket to its new thread, that call costs as much as the
// rest of a take. remove() therefore leaves the call to the I/O thread. Two facts make this safe: a one-shot watch
// reports at most once too often, and a closed descriptor leaves the set by itself.
class EpollSet : public std::enable_shared_from_this<EpollSet>
{
public:
    EpollSet() : m_epoll(::epoll_create1(EPOLL_CLOEXEC))
    {
        m_left.reserve(maximumLeft);
        if (m_epoll < 0)
            qCWarning(lcTidepool, "Cannot watch parked connections: %s. Their end is noticed when they are taken.",
                      std::strerror(errno));
    }

    // Not closed with the last pool's subscription. As long as a caller can still call add(), the descriptor number
    // must not be reused.
    ~EpollSet()
    {
        if (m_epoll >= 0)
            ::close(m_epoll);
    }
    Q_DISABLE_COPY_MOVE(EpollSet)

    /// The set of the calling thread, which must be an I/O thread.
    static std::shared_ptr<EpollSet> ofThisThread()
    {
        thread_local std::weak_ptr<EpollSet> current;
        auto set = current.lock();
        if (!set || set->m_forks != forkCount()) // after a fork, the child shares the kernel's set with the parent
            current = set = std::make_shared<EpollSet>();
        return set;
    }

    /// In the I/O thread.
    quint64 subscribe(Watcher::Report report)
    {
        if (!m_notifier && m_epoll >= 0) {
            m_notifier = std::make_unique<QSocketNotifier>(m_epoll, QSocketNotifier::Read);
            QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { collect(); });
        }
        m_subscribers.emplace(++m_lastSubscriber, std::move(report));
        return m_lastSubscriber;
    }

    /// In the I/O thread, because the notifier belongs to that thread.
    void unsubscribe(quint64 subscriber)
    {
        m_subscribers.erase(subscriber);
        if (m_subscribers.empty())
            m_notifier.reset();
    }

    quint64 add(qintptr descriptor, quint64 token, Watcher::For what, quint64 subscriber)
    {
        Q_ASSERT(descriptor >= 0);
        const auto place = static_cast<size_t>(descriptor);
        const MutexLocker lock(m_setMutex);
        if (place >= m_watches.size())
            m_watches.resize(place + 1);
        m_watches[place] = {++m_lastWatch, token, subscriber};
        epoll_event event{};
        event.events = EPOLLONESHOT | EPOLLRDHUP;
        if (what == Watcher::For::Readable)
            event.events |= EPOLLIN;
        // The lower half of the watch's number distinguishes a reused descriptor from the previous one.
        event.data.u64 = quint64(place) << 32 | (m_lastWatch & 0xffff'ffffU);
        if (m_epoll >= 0 && !control(EPOLL_CTL_ADD, descriptor, event)
            && !(errno == EEXIST && control(EPOLL_CTL_MOD, descriptor, event)) && std::has_single_bit(++m_unwatched))
            qCWarning(lcTidepool,
                      "Cannot watch a parked connection: %s. Its end is noticed when it is taken. (%llu such so far)",
                      std::strerror(errno), static_cast<unsigned long long>(m_unwatched));
        return m_lastWatch;
    }

    /// Returns true if sweep() is due.
    [[nodiscard]] bool remove(qintptr descriptor, quint64 watch)
    {
        const MutexLocker lock(m_leftMutex);
        m_left.push_back({descriptor, watch});
        return m_left.size() == maximumLeft;
    }

    // A descriptor that was closed and is watched again has another watch number. A descriptor that is closed and not
    // watched again is not in the set, and the call fails without harm.
    void sweep() TIDEPOOL_EXCLUDES(m_setMutex)
    {
        std::vector<Left> ended;
        {
            const MutexLocker lock(m_leftMutex);
            if (m_left.empty())
                return;
            ended.swap(m_left);
            m_left.reserve(maximumLeft); // reserve all at once here, so that takers do not allocate
        }
        epoll_event unused{};
        const MutexLocker lock(m_setMutex);
        for (const Left &left : ended) {
            const auto place = static_cast<size_t>(left.descriptor);
            if (place < m_watches.size() && m_watches[place].number == left.watch)
                (void)control(EPOLL_CTL_DEL, left.descriptor, unused);
        }
    }

private:
    struct Watch
    {
        quint64 number = 0;
        quint64 token = 0;
        quint64 subscriber = 0;
    };
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

    void collect() TIDEPOOL_EXCLUDES(m_setMutex)
    {
        // Events that do not fit are reported in the next turn.
        std::array<epoll_event, 64> events; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the kernel
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), 0);
        std::vector<Watch> seen;
        seen.reserve(events.size());
        {
            const MutexLocker lock(m_setMutex);
            for (int i = 0; i < count; ++i) {
                const quint64 data = events[static_cast<size_t>(i)].data.u64;
                const Watch &watch = m_watches[data >> 32];
                if ((watch.number & 0xffff'ffffU) == (data & 0xffff'ffffU))
                    seen.push_back(watch);
            }
        }
        const auto self = shared_from_this();
        for (const Watch &watch : seen) {
            const auto subscriber = m_subscribers.find(watch.subscriber);
            if (subscriber == m_subscribers.end())
                continue;
            const Watcher::Report report = subscriber->second; // a copy, because a report can destroy its pool
            report(watch.token);
        }
        sweep();
    }

    const decltype(forkCount()) m_forks = forkCount();
    int m_epoll;
    std::unique_ptr<QSocketNotifier> m_notifier; // this and the next two fields are used only in the I/O thread
    std::unordered_map<quint64, Watcher::Report> m_subscribers;
    quint64 m_lastSubscriber = 0;

    Mutex m_setMutex; // held during system calls
    std::vector<Watch> m_watches TIDEPOOL_GUARDED_BY(m_setMutex); // the last watch of each descriptor
    quint64 m_lastWatch TIDEPOOL_GUARDED_BY(m_setMutex) = 0;
    quint64 m_unwatched TIDEPOOL_GUARDED_BY(m_setMutex) = 0; // the number of removed watches, for the log

    Mutex m_leftMutex; // never held during a system call, because takers wait for it
    std::vector<Left> m_left TIDEPOOL_GUARDED_BY(m_leftMutex); // the watches to remove
};

// The part of one pool in the set of its I/O thread.
class EpollWatcher final : public Watcher
{
public:
    EpollWatcher(PostToIoThread post, Report report)
        : m_post(std::move(post)), m_set(EpollSet::ofThisThread()), m_subscriber(m_set->subscribe(std::move(report)))
    {}

    void stop() override { m_set->unsubscribe(m_subscriber); }

    quint64 add(qintptr descriptor, quint64 token, For what) override
    {
        return m_set->add(descriptor, token, what, m_subscriber);
    }

    void remove(qintptr descriptor, quint64 watch) override
    {
        if (!m_set->remove(descriptor, watch))
            return;
        m_post([weak = std::weak_ptr(m_set)] {
            if (const auto set = weak.lock())
                set->sweep();
        });
    }

private:
    PostToIoThread m_post;
    std::shared_ptr<EpollSet> m_set;
    quint64 m_subscriber;
};

} // namespace

std::shared_ptr<Watcher> makeWatcher(PostToIoThread post, Watcher::Report report)
{
    return std::make_shared<EpollWatcher>(std::move(post), std::move(report));
}

} // namespace Tidepool
