// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "mutex.h"
#include "watcher.h"

#include <QtCore/QSocketNotifier>
#include <QtCore/QThread>

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace Tidepool {

namespace {

// The notifiers of one pool: one for each parked connection. They live in the I/O thread, which runs all of this code.
class Notifiers
{
public:
    explicit Notifiers(Watcher::Report report) : m_report(std::move(report)) {}

    void watch(quint64 number, qintptr descriptor, quint64 token)
    {
        auto notifier = std::make_unique<QSocketNotifier>(descriptor, QSocketNotifier::Read);
        QObject::connect(notifier.get(), &QSocketNotifier::activated, notifier.get(), [this, token] { report(token); });
        m_notifiers.emplace(number, std::move(notifier));
    }

    void unwatch(quint64 number)
    {
        const auto found = m_notifiers.find(number);
        if (found == m_notifiers.end())
            return;
        if (m_reports > 0) { // this code may run inside the notifier's signal
            found->second->setEnabled(false);
            found->second.release()->deleteLater();
        }
        m_notifiers.erase(found);
    }

    void clear()
    {
        while (!m_notifiers.empty())
            unwatch(m_notifiers.begin()->first);
    }

private:
    void report(quint64 token)
    {
        ++m_reports;
        m_report(token);
        --m_reports;
    }

    Watcher::Report m_report;
    int m_reports = 0; // reports in progress
    std::unordered_map<quint64, std::unique_ptr<QSocketNotifier>> m_notifiers;
};

// In the I/O thread, remove() ends a watch at once: the descriptor may be closed directly afterwards, and Qt warns
// about a notifier that still exists then. From another thread, only a posted task can end the watch. If the descriptor
// is closed before the I/O thread runs that task, Qt disables the notifier with a warning.
class NotifierWatcher final : public Watcher
{
public:
    NotifierWatcher(PostToIoThread post, Report report)
        : m_post(std::move(post)), m_state(std::make_shared<State>(std::move(report)))
    {}

    void stop() override
    {
        {
            const MutexLocker locker(m_state->mutex);
            m_state->isStopped = true;
        }
        m_state->notifiers.clear();
    }

    quint64 add(qintptr descriptor, quint64 token, For what) override
    {
        Q_ASSERT(descriptor >= 0);
        const quint64 number = m_state->begin(what);
        // If there are no bytes to wait for, a notifier would fire all the time. The take then detects the end instead.
        if (what == For::Readable)
            m_post([weak = std::weak_ptr(m_state), descriptor, token, number] {
                if (const auto state = weak.lock(); state && state->isWanted(number))
                    state->notifiers.watch(number, descriptor, token);
            });
        return number;
    }

    void remove(qintptr, quint64 number) override
    {
        if (m_state->isWanted(number)) // the watch was cancelled before it started
            return;
        if (QThread::currentThread() == m_state->thread)
            m_state->notifiers.unwatch(number);
        else
            m_post([weak = std::weak_ptr(m_state), number] {
                if (const auto state = weak.lock())
                    state->notifiers.unwatch(number);
            });
    }

private:
    struct State
    {
        explicit State(Report report) : notifiers(std::move(report)) {}

        quint64 begin(For what)
        {
            const MutexLocker locker(mutex);
            ++lastNumber;
            if (what == For::Readable)
                posted.insert(lastNumber);
            return lastNumber;
        }

        // True only for the first caller: the posted task that starts the watch, or the remove() that cancels it.
        bool isWanted(quint64 number)
        {
            const MutexLocker locker(mutex);
            return posted.erase(number) > 0 && !isStopped;
        }

        QThread *const thread = QThread::currentThread();
        Notifiers notifiers;
        Mutex mutex;
        quint64 lastNumber TIDEPOOL_GUARDED_BY(mutex) = 0;
        std::unordered_set<quint64> posted TIDEPOOL_GUARDED_BY(mutex); // the watches that have not started
        bool isStopped TIDEPOOL_GUARDED_BY(mutex) = false;
    };

    PostToIoThread m_post;
    std::shared_ptr<State> m_state;
};

} // namespace

std::shared_ptr<Watcher> makeWatcher(PostToIoThread post, Watcher::Report report)
{
    return std::make_shared<NotifierWatcher>(std::move(post), std::move(report));
}

} // namespace Tidepool
