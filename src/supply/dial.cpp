// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dial.h"

#include "directdial.h"
#include "socketdial.h"
#include "socketerror.h"
#include "wireid.h"

#include <algorithm>

namespace Tidepool {

std::unique_ptr<Dial> Dial::make(Sink &sink, const DialPlan &plan)
{
    if (auto direct = makeDirectDial(sink, plan))
        return direct;
    return std::make_unique<SocketDial>(sink, plan);
}

Dial::Dial(Sink &sink, const DialPlan &plan)
    : m_sink(sink), m_plan(plan), m_step(std::in_place, sink, Sink::Step::Connecting)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this,
            [this] { fail(timeoutError(m_phase, m_timer.interval(), settings().endpoint())); });
}

void Dial::enterPhase(Phase phase, std::chrono::milliseconds timeout)
{
    m_phase = phase;
    m_timer.start(std::max(timeout, std::chrono::milliseconds(1)));
}

void Dial::enterHandshake()
{
    m_step->moveTo(Sink::Step::Handshaking);
}

void Dial::identify(const QByteArray &bytes)
{
    if (const auto id = fromWire(bytes, settings().idFormat)) {
        succeed(*id);
        return;
    }
    fail({Phase::Identify, ErrorKind::BadIdentity,
          QStringLiteral("%1 sent \"%2\" where a connection's id belongs. Is it a Tidepool or Go pool server, with the "
                         "same IdFormat and TLS mode? "
                         "Other servers need Identity::Local.")
              .arg(settings().endpoint(), QString::fromLatin1(bytes.toPercentEncoding(" :;,/=")))});
}

void Dial::succeed(ConnectionId id)
{
    m_isOver = true;
    m_timer.stop();
    m_id = id;
    emit finished(this);
}

void Dial::fail(const PoolError &error)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_timer.stop();
    m_step.reset();
    m_error = error;
    emit failed(this);
}

Established Dial::takeResult()
{
    m_step.reset();
    return {takeSocket(), m_id, m_plan.generation, m_begunAt};
}

} // namespace Tidepool
