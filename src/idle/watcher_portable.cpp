// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "watcher.h"

#include <QtCore/QSocketNotifier>

#include <unordered_map>

namespace Tidepool {

namespace {

// One QSocketNotifier for each parked connection, in the lane. add() and remove() of a connection are posted in the
// order in which they happened, so a reused descriptor never has two notifiers.
class NotifierWatcher final : public Watcher
{
public:
    NotifierWatcher(PostToLane post, Report report) : m_post(std::move(post)), m_state(std::make_shared<State>())
    {
        m_state->report = std::move(report);
    }

    void stop() override
    {
        m_state->isStopped = true;
        m_state->notifiers.clear();
    }

    quint64 add(qintptr descriptor, quint64 token, For what) override
    {
        Q_ASSERT(descriptor >= 0);
        // Without bytes to wait for, a notifier would fire all the time; the end is then noticed at the take.
        if (what == For::End)
            return token;
        m_post([weak = std::weak_ptr(m_state), descriptor, token] {
            if (const auto state = weak.lock())
                state->watch(descriptor, token);
        });
        return token;
    }

    void remove(qintptr, quint64 token) override
    {
        m_post([weak = std::weak_ptr(m_state), token] {
            if (const auto state = weak.lock())
                state->notifiers.erase(token);
        });
    }

private:
    struct State
    {
        void watch(qintptr descriptor, quint64 token)
        {
            if (isStopped)
                return;
            auto notifier = std::make_unique<QSocketNotifier>(descriptor, QSocketNotifier::Read);
            QObject::connect(notifier.get(), &QSocketNotifier::activated, notifier.get(),
                             [this, token] { report(token); });
            notifiers.insert_or_assign(token, std::move(notifier));
        }

        Report report;
        bool isStopped = false;
        std::unordered_map<quint64, std::unique_ptr<QSocketNotifier>> notifiers;
    };

    PostToLane m_post;
    std::shared_ptr<State> m_state;
};

} // namespace

std::shared_ptr<Watcher> makeWatcher(PostToLane post, Watcher::Report report)
{
    return std::make_shared<NotifierWatcher>(std::move(post), std::move(report));
}

} // namespace Tidepool
