// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/iothread.h"
#include "../types/durations.h"
#include "pump.h"

#include <tidepool/relay.h>

#include <QtCore/QEvent>
#include <QtCore/QPointer>
#include <QtCore/QTimer>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

namespace Tidepool {

namespace {
constexpr std::chrono::milliseconds progressInterval{100}; // the time between two signals about bytes
constexpr std::chrono::seconds movingTime{5}; // the time for a socket to leave another thread
} // namespace

// The part of a relay in the I/O thread.
struct PumpPlace
{
    std::unique_ptr<Pump> pump;
    bool isLeft = false; // ends that still arrive are closed
};

// Two ends that move to the I/O thread. When the second one has arrived, the pump starts.
class PumpParcel : public std::enable_shared_from_this<PumpParcel>
{
public:
    PumpParcel(std::shared_ptr<IoThread> ioThread, std::shared_ptr<PumpPlace> place, PumpParts parts)
        : m_ioThread(std::move(ioThread)), m_place(std::move(place)), m_parts(std::move(parts))
    {}

    /// Returns the obstacle, or an empty string.
    [[nodiscard]] QString send()
    {
        const std::array<QString, 2> sides{QStringLiteral("The first side cannot be moved: "),
                                           QStringLiteral("The second side cannot be moved: ")};
        for (size_t side = 0; side < sides.size(); ++side) {
            const QString problem = m_parts.ends[side].moveOut([self = shared_from_this()] { self->onArrival(); });
            if (!problem.isEmpty())
                return sides[side] + problem;
        }
        return {};
    }
    [[nodiscard]] bool hasArrived() const { return m_missing == 0; }

    /// Closes the ends that the pump has not received. Call this in the I/O thread.
    void close()
    {
        for (RelayEnd &end : m_parts.ends)
            end.close();
    }

private:
    void onArrival()
    {
        if (--m_missing > 0)
            return;
        m_ioThread->post([self = shared_from_this()] {
            for (RelayEnd &end : self->m_parts.ends)
                end.moveIn();
            PumpPlace &place = *self->m_place;
            if (place.isLeft) {
                self->close();
                return;
            }
            place.pump = std::make_unique<Pump>(std::move(self->m_parts));
            place.pump->start();
        });
    }

    std::shared_ptr<IoThread> m_ioThread;
    std::shared_ptr<PumpPlace> m_place; // used in the I/O thread only
    PumpParts m_parts;
    std::atomic<int> m_missing = 2;
};

class RelayPrivate final : public QObject
{
    Q_OBJECT

public:
    RelayPrivate(Relay *relay, std::array<RelayEnd, 2> ends)
        : q(relay), first(std::move(ends[0])), second(std::move(ends[1]))
    {
        setParent(relay); // so that this object moves to other threads with the relay
        state->notifier.attach(this);
        m_frame.setParent(this);
        m_frame.setSingleShot(true);
        m_frame.setInterval(progressInterval);
        connect(&m_frame, &QTimer::timeout, this, &RelayPrivate::endFrame);
        m_moving.setParent(this);
        m_moving.setSingleShot(true);
        connect(&m_moving, &QTimer::timeout, this, &RelayPrivate::giveUpMoving);
    }

    ~RelayPrivate() override
    {
        state->notifier.detach();
        letGo();
    }

    // Queued, because the sockets must not leave their thread from inside one of their own signals.
    void start()
    {
        QString problem;
        ioThread = IoThread::acquire(IoThread::Use::Relays, &problem);
        if (!ioThread) {
            refuse(problem);
            return;
        }
        QMetaObject::invokeMethod(
            this,
            [this] {
                if (ioThread) // null if the relay was stopped in the meantime
                    send();
            },
            Qt::QueuedConnection);
    }

    void stop()
    {
        state->end(Relay::Reason::Stopped, {});
        letGo();
        state->notifier.notify();
    }

    void letGo()
    {
        for (auto *end : {&first, &second}) {
            if (*end)
                (*end)->close();
            end->reset();
        }
        if (ioThread)
            ioThread->post([place = m_place, parcel = std::exchange(m_parcel, nullptr)] {
                place->pump.reset();
                place->isLeft = true;
                if (parcel)
                    parcel->close();
            });
        ioThread.reset();
        m_moving.stop();
    }

    Relay *q;
    std::optional<RelayEnd> first; // set until the pump has both ends
    std::optional<RelayEnd> second;
    std::shared_ptr<RelayState> state = std::make_shared<RelayState>();
    std::chrono::milliseconds idleTimeout = std::chrono::minutes(10);
    std::shared_ptr<IoThread> ioThread;
    bool isStarted = false;
    bool isFinished = false;

protected:
    void customEvent(QEvent *) override
    {
        state->notifier.received();
        m_frame.start();
        publish();
    }

private:
    void endFrame()
    {
        if (!state->notifier.endFrame())
            return;
        m_frame.start();
        publish();
    }

    void publish()
    {
        const std::pair now(q->bytesFromFirst(), q->bytesFromSecond());
        const QPointer<Relay> alive(q); // a slot can destroy the relay
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

    void send()
    {
        for (const auto &[end, side] : {std::pair(&*first, QStringLiteral("The first side cannot be relayed: ")),
                                        std::pair(&*second, QStringLiteral("The second side cannot be relayed: "))}) {
            const QString obstacle = end->obstacle();
            if (!obstacle.isEmpty()) {
                refuse(side + obstacle);
                return;
            }
        }
        m_parcel = std::make_shared<PumpParcel>(ioThread, m_place,
                                                PumpParts{{std::move(*first), std::move(*second)}, state, idleTimeout});
        first.reset();
        second.reset();
        const QString problem = m_parcel->send();
        if (!problem.isEmpty())
            refuse(problem);
        else if (m_parcel->hasArrived())
            m_parcel.reset();
        else
            m_moving.start(movingTime);
    }

    void giveUpMoving()
    {
        if (m_parcel && !m_parcel->hasArrived())
            refuse(QStringLiteral("A connection's socket is used in another thread, and did not come out of it within "
                                  "5 s: that thread is blocked."));
        else
            m_parcel.reset();
    }

    void refuse(const QString &problem)
    {
        state->end(Relay::Reason::NotStarted, problem);
        state->notifier.notify();
    }

    std::shared_ptr<PumpPlace> m_place = std::make_shared<PumpPlace>();
    std::shared_ptr<PumpParcel> m_parcel; // set while an end is moving
    QTimer m_moving;
    QTimer m_frame;
    std::pair<qint64, qint64> m_published;
};

Relay::Relay(const Connection &first, const Connection &second, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<RelayPrivate>(this, std::array{RelayEnd(first.transfer()), RelayEnd(second.transfer())}))
{}

Relay::Relay(const Connection &first, std::unique_ptr<QTcpSocket> second, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<RelayPrivate>(this, std::array{RelayEnd(first.transfer()), RelayEnd(std::move(second))}))
{}

Relay::Relay(std::unique_ptr<QTcpSocket> first, std::unique_ptr<QTcpSocket> second, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<RelayPrivate>(this, std::array{RelayEnd(std::move(first)), RelayEnd(std::move(second))}))
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
    emit runningChanged(true); // last, because a slot can stop or destroy the relay
}

void Relay::stop()
{
    if (isRunning())
        d->stop();
}

} // namespace Tidepool

#include "relay.moc"
