// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../policy/durations.h"
#include "../supply/lane.h"
#include "pump.h"

#include <tidepool/relay.h>

#include <QtCore/QEvent>
#include <QtCore/QPointer>
#include <QtCore/QTimer>

#include <algorithm>
#include <optional>
#include <utility>

namespace Tidepool {

namespace {
constexpr std::chrono::milliseconds progressInterval{100}; // between two signals about bytes
}

class RelayPrivate final : public QObject
{
    Q_OBJECT

public:
    RelayPrivate(Relay *relay, RelayEnd one, RelayEnd two) : q(relay), first(std::move(one)), second(std::move(two))
    {
        setParent(relay); // so that it moves to other threads with it
        state->announcer.attach(this);
        m_frame.setParent(this);
        m_frame.setSingleShot(true);
        m_frame.setInterval(progressInterval);
        connect(&m_frame, &QTimer::timeout, this, &RelayPrivate::endFrame);
    }

    ~RelayPrivate() override
    {
        state->announcer.detach();
        letGo();
    }

    // Queued: the sockets must not leave their thread from inside one of their own signals.
    void start()
    {
        lane = Lane::acquire();
        QMetaObject::invokeMethod(
            this,
            [this] {
                if (!lane) // stopped meanwhile
                    return;
                first->moveTo(lane->thread());
                second->moveTo(lane->thread());
                auto parts =
                    std::make_shared<PumpParts>(PumpParts{{std::move(*first), std::move(*second)}, state, idleTimeout});
                first.reset();
                second.reset();
                lane->post([pump = m_pump, parts] {
                    *pump = std::make_unique<Pump>(std::move(*parts));
                    (*pump)->start();
                });
            },
            Qt::QueuedConnection);
    }

    void stop()
    {
        state->end(Relay::Reason::Stopped, {});
        letGo();
        state->announcer.announce();
    }

    void letGo()
    {
        for (auto *end : {&first, &second}) {
            if (*end)
                (*end)->close();
            end->reset();
        }
        if (lane)
            lane->post([pump = m_pump] { pump->reset(); });
        lane.reset();
    }

    Relay *q;
    std::optional<RelayEnd> first; // until the pump has them
    std::optional<RelayEnd> second;
    std::shared_ptr<RelayState> state = std::make_shared<RelayState>();
    std::chrono::milliseconds idleTimeout = std::chrono::minutes(10);
    std::shared_ptr<Lane> lane;
    bool isStarted = false;
    bool isFinished = false;

protected:
    void customEvent(QEvent *) override
    {
        state->announcer.received();
        m_frame.start();
        publish();
    }

private:
    void endFrame()
    {
        if (!state->announcer.endFrame())
            return;
        m_frame.start();
        publish();
    }

    void publish()
    {
        const std::pair now(q->bytesFromFirst(), q->bytesFromSecond());
        const QPointer<Relay> alive(q); // a slot may destroy it
        if (std::exchange(m_published, now) != now)
            emit q->bytesChanged();
        if (!alive)
            return;
        const auto reason = state->reason();
        if (!reason || std::exchange(isFinished, true))
            return;
        m_frame.stop();
        letGo();
        emit q->runningChanged(false);
        if (alive)
            emit alive->finished(*reason);
    }

    // What it points to is touched in the lane only, where the pump is made and destroyed.
    std::shared_ptr<std::unique_ptr<Pump>> m_pump = std::make_shared<std::unique_ptr<Pump>>();
    QTimer m_frame;
    std::pair<qint64, qint64> m_published;
};

Relay::Relay(const Connection &first, const Connection &second, QObject *parent)
    : QObject(parent), d(std::make_unique<RelayPrivate>(this, RelayEnd(first.transfer()), RelayEnd(second.transfer())))
{}

Relay::Relay(const Connection &first, std::unique_ptr<QTcpSocket> second, QObject *parent)
    : QObject(parent), d(std::make_unique<RelayPrivate>(this, RelayEnd(first.transfer()), RelayEnd(std::move(second))))
{}

Relay::Relay(std::unique_ptr<QTcpSocket> first, std::unique_ptr<QTcpSocket> second, QObject *parent)
    : QObject(parent), d(std::make_unique<RelayPrivate>(this, RelayEnd(std::move(first)), RelayEnd(std::move(second))))
{}

Relay::~Relay() = default;

std::chrono::milliseconds Relay::idleTimeout() const
{
    return d->idleTimeout;
}

void Relay::setIdleTimeout(std::chrono::milliseconds timeout)
{
    d->idleTimeout = clampedDuration(timeout, std::chrono::milliseconds(0));
}

qint64 Relay::bytesFromFirst() const
{
    return d->state->bytes[0].load(std::memory_order_relaxed);
}

qint64 Relay::bytesFromSecond() const
{
    return d->state->bytes[1].load(std::memory_order_relaxed);
}

bool Relay::isRunning() const
{
    return d->isStarted && !d->isFinished;
}

QString Relay::errorText() const
{
    return d->state->errorText();
}

void Relay::start()
{
    if (std::exchange(d->isStarted, true))
        return;
    d->start();
    emit runningChanged(true); // last, because a slot may stop or destroy it
}

void Relay::stop()
{
    if (isRunning())
        d->stop();
}

} // namespace Tidepool

#include "relay.moc"
