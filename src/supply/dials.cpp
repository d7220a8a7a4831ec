// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dials.h"

#include "../io/descriptor.h"
#include "../io/descriptortable.h"
#include "../io/peername.h"

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {
DialOutcome outcomeOf(const Dial &dial, DialOutcome::Kind kind, std::chrono::steady_clock::time_point now)
{
    return {.kind = kind,
            .round = dial.round(),
            .generation = dial.generation(),
            .begunAt = dial.begunAt(),
            .endedAt = now,
            .error = {},
            .peer = {}};
}
} // namespace

Dials::Dials(ConnectionSink &sink, std::function<void(const DialOutcome &)> onEnded, QObject *parent)
    : QObject(parent), m_sink(sink), m_onEnded(std::move(onEnded))
{}

Dials::~Dials() = default;

void Dials::begin(const DialPlan &plan)
{
    auto made = std::make_unique<Dial>(m_sink, plan);
    Dial *dial = made.get();
    connect(dial, &Dial::finished, this, &Dials::onFinished, Qt::QueuedConnection);
    connect(dial, &Dial::failed, this, &Dials::onFailed, Qt::QueuedConnection);
    m_dials.emplace(dial, UnderWay{std::move(made), underWay()});
    dial->start();
}

// To be called behind the first dials, whose answers take their time anyway.
void Dials::makeRoomFor(int connections)
{
    if (connections <= m_roomFor)
        return;
    m_roomFor = connections;
    makeRoomForDescriptors(connections);
}

Dials::UnderWay Dials::remove(Dial *dial)
{
    const auto found = m_dials.find(dial);
    if (found == m_dials.end() || !dial->isOver()) // it was abandoned
        return {};
    UnderWay result = std::move(found->second);
    m_dials.erase(found);
    return result;
}

void Dials::onFinished(Dial *dial)
{
    const auto now = std::chrono::steady_clock::now();
    const int together = underWay();
    const auto [owned, ahead] = remove(dial);
    if (!owned)
        return;
    Established made = owned->takeResult();
    const QHostAddress peer = peerOf(nativeDescriptor(*made.socket)).address;
    const bool isGood = m_sink.established(std::move(made));
    std::vector<DialOutcome> withdrawn;
    if (isGood) {
        m_window.succeeded({owned->begunAt(), ahead}, now, together);
        withdrawn = withdrawHopeless(now);
    } else {
        m_window.failed(owned->begunAt(), now);
    }
    DialOutcome outcome = outcomeOf(*owned, isGood ? DialOutcome::Kind::Made : DialOutcome::Kind::Died, now);
    outcome.peer = peer;
    m_onEnded(outcome);
    for (const DialOutcome &each : withdrawn)
        m_onEnded(each);
}

void Dials::onFailed(Dial *dial)
{
    const auto now = std::chrono::steady_clock::now();
    const auto owned = remove(dial).dial;
    if (!owned)
        return;
    const PoolError error = owned->error();
    m_window.failed(owned->begunAt(), now);
    DialOutcome outcome = outcomeOf(*owned, DialOutcome::Kind::Failed, now);
    outcome.error = error;
    m_onEnded(outcome);
}

// One that is over has an outcome of its own under way.
std::vector<DialOutcome> Dials::withdrawHopeless(std::chrono::steady_clock::time_point now)
{
    std::vector<Dial *> dials;
    for (const auto &[dial, entry] : m_dials) {
        if (!dial->isOver())
            dials.push_back(dial);
    }
    std::ranges::sort(dials, {}, &Dial::begunAt);
    std::vector<DialWindow::Waiting> waiting;
    waiting.reserve(dials.size());
    for (const Dial *dial : dials)
        waiting.push_back({dial->begunAt(), dial->timeLeft()});
    std::vector<DialOutcome> outcomes;
    for (const size_t place : m_window.hopeless(waiting, now)) {
        outcomes.push_back(outcomeOf(*dials[place], DialOutcome::Kind::Withdrawn, now));
        m_dials.erase(dials[place]);
    }
    if (!outcomes.empty())
        m_window.withdrew(underWay(), now);
    return outcomes;
}

} // namespace Tidepool
