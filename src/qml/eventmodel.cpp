// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "eventmodel.h"

#include <QtCore/QMetaEnum>

#include <algorithm>
#include <chrono>

namespace Tidepool::Qml {

namespace {

QString evictionSentence(EvictionCause cause)
{
    switch (cause) {
    case EvictionCause::PeerClosed:
        return QStringLiteral("The peer closed a parked connection.");
    case EvictionCause::SocketError:
        return QStringLiteral("A parked connection broke.");
    case EvictionCause::Unsolicited:
        return QStringLiteral("The peer spoke on a parked connection, where it must not.");
    case EvictionCause::Flushed:
        return QStringLiteral("A parked connection was flushed.");
    case EvictionCause::Surplus:
        return QStringLiteral("A parked connection was one too many.");
    case EvictionCause::Expired:
        return QStringLiteral("A parked connection came to the end of its lifetime.");
    case EvictionCause::Replaced:
        return QStringLiteral("A newer connection replaced a parked one.");
    case EvictionCause::PoolClosed:
        return QStringLiteral("The pool closed its parked connections.");
    case EvictionCause::ControlFlood:
        return QStringLiteral("The peer flooded a parked connection with TLS records that carry no data.");
    case EvictionCause::NotAllowed:
        return QStringLiteral("The client of a parked connection is not among the allowed ones any more.");
    case EvictionCause::Requested:
        return QStringLiteral("The application evicted a parked connection.");
    }
    return {};
}

template <typename Enum>
QString nameOf(Enum value)
{
    return QString::fromLatin1(QMetaEnum::fromType<Enum>().valueToKey(static_cast<int>(value)));
}

QString secondsText(std::chrono::milliseconds time)
{
    return QString::number(std::chrono::duration<double>(time).count(), 'f', 1) + QStringLiteral(" s");
}

} // namespace

EventModel::EventModel(QObject *parent) : QAbstractListModel(parent), m_throttle(Throttle::modelInterval)
{
    connect(&m_throttle, &Throttle::due, this, &EventModel::flush);
    connect(&m_visibility, &VisibilityTracker::itemChanged, this, &EventModel::itemChanged);
    connect(&m_visibility, &VisibilityTracker::shownChanged, this, &EventModel::request);
}

void EventModel::setPool(Pool *pool)
{
    if (pool == m_pool)
        return;
    if (m_pool)
        m_pool->disconnect(this);
    m_pool = pool;
    clear();
    if (pool)
        listen();
    emit poolChanged();
}

void EventModel::listen()
{
    connect(m_pool, &Pool::stateChanged, this, [this](PoolState state) {
        const PoolStatus status = m_pool->status();
        // The state can have changed again in the meantime. The text must describe the state of this event.
        note({Kind::State, state == status.state ? status.stateText() : nameOf(state), {}, {}, 1, {}});
    });
    connect(m_pool, &Pool::connectionEvicted, this, [this](ConnectionId id, EvictionCause cause) {
        note({Kind::Evicted, evictionSentence(cause), {}, {}, 1, id});
    });
    connect(m_pool, &Pool::attemptFailed, this, [this](const PoolError &error) {
        QString detail = nameOf(error.phase()) + QStringLiteral(": ") + nameOf(error.kind());
        if (!error.peer().isEmpty())
            detail += QStringLiteral(", ") + error.peer();
        note({Kind::Failed, error.message(), detail, {}, 1, {}});
    });
    connect(m_pool, &QObject::destroyed, this, [this] {
        m_pool.clear();
        emit poolChanged();
    });
}

void EventModel::setLimit(int rows)
{
    rows = std::clamp(rows, 1, 10'000);
    if (rows == m_limit)
        return;
    m_limit = rows;
    const int before = count();
    trim();
    if (count() != before)
        emit countChanged();
    emit limitChanged();
}

void EventModel::setInterval(int milliseconds)
{
    milliseconds = std::max(20, milliseconds);
    if (milliseconds == interval())
        return;
    m_throttle.setInterval(milliseconds);
    emit intervalChanged();
}

void EventModel::clear()
{
    m_pending.clear();
    m_throttle.cancel();
    if (m_rows.empty())
        return;
    beginRemoveRows({}, 0, count() - 1);
    m_rows.clear();
    endRemoveRows();
    emit countChanged();
}

void EventModel::addFailure(const QString &text, const QString &detail)
{
    note({Kind::Failed, text, detail, {}, 1, {}});
}

int EventModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant EventModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Event &event = m_rows[static_cast<size_t>(index.row())];
    switch (role) {
    case TimeRole:
        return event.time;
    case KindRole:
        return event.kind == Kind::State ? QStringLiteral("state")
            : event.kind == Kind::Failed ? QStringLiteral("failed")
                                         : QStringLiteral("evicted");
    case Qt::DisplayRole:
    case TextRole:
        return event.text;
    case DetailRole:
        return event.detail;
    case CountRole:
        return event.count;
    default:
        return {};
    }
}

QHash<int, QByteArray> EventModel::roleNames() const
{
    return {{TimeRole, "time"},     {KindRole, "kind"},   {TextRole, "text"},
            {DetailRole, "detail"}, {CountRole, "count"}, {Qt::DisplayRole, "display"}};
}

void EventModel::componentComplete()
{
    m_isComplete = true;
    m_visibility.findItemAbove(this);
    request();
}

/// The row of the same event since the last change of state, or -1 if there is none.
template <typename Events>
int EventModel::find(const Events &events, const Event &event)
{
    if (event.kind == Kind::State)
        return -1;
    int row = 0;
    for (const Event &other : events) {
        if (other.kind == event.kind && other.text == event.text)
            return row;
        if (other.kind == Kind::State)
            return -1;
        ++row;
    }
    return -1;
}

// Called for each event, even if thousands arrive at once. The work must be cheap and limited.
void EventModel::note(const Event &event)
{
    Event noted = event;
    noted.time = QDateTime::currentDateTime();
    if (const int row = find(m_pending, noted); row >= 0) {
        noted.count += m_pending[static_cast<size_t>(row)].count;
        m_pending.erase(m_pending.begin() + row);
    }
    m_pending.push_front(noted);
    if (static_cast<int>(m_pending.size()) > m_limit)
        m_pending.pop_back();
    request();
}

void EventModel::request()
{
    if (!m_pending.empty() && m_isComplete && m_visibility.isShown())
        m_throttle.request();
    else
        m_throttle.cancel();
}

void EventModel::flush()
{
    const int before = count();
    std::deque<Event> pending;
    pending.swap(m_pending);
    addDetails(pending);
    std::reverse(pending.begin(), pending.end());
    std::vector<Event> fresh; // oldest first
    bool isSameSpell = true; // no change of state among the fresh events, so an older row can have the same event
    for (const Event &event : pending) {
        const int row = isSameSpell ? find(m_rows, event) : -1;
        if (row < 0) {
            isSameSpell = isSameSpell && event.kind != Kind::State;
            fresh.push_back(event);
        } else {
            const int shift = static_cast<int>(fresh.size());
            insertOnTop(fresh);
            fold(event, row + shift);
        }
    }
    insertOnTop(fresh);
    trim();
    if (count() != before)
        emit countChanged();
}

// The pool's eviction log has more details of an eviction than the signal.
void EventModel::addDetails(std::deque<Event> &events) const
{
    const bool isWanted = std::any_of(events.begin(), events.end(), [](const Event &e) { return e.id.isValid(); });
    if (!isWanted || !m_pool)
        return;
    const QList<EvictionRecord> log = m_pool->evictions();
    for (Event &event : events) {
        if (!event.id.isValid())
            continue;
        event.detail = event.id.toString();
        const auto record =
            std::find_if(log.rbegin(), log.rend(), [&](const EvictionRecord &known) { return known.id == event.id; });
        if (record == log.rend())
            continue;
        event.detail += QStringLiteral(", parked for ") + secondsText(record->idle);
        if (!record->errorText.isEmpty())
            event.detail += QStringLiteral(": ") + record->errorText;
    }
}

void EventModel::fold(const Event &event, int row)
{
    if (row > 0) {
        beginMoveRows({}, row, row, {}, 0);
        std::rotate(m_rows.begin(), m_rows.begin() + row, m_rows.begin() + row + 1);
        endMoveRows();
    }
    Event &top = m_rows.front();
    top.count += event.count;
    top.time = event.time;
    top.detail = event.detail;
    emit dataChanged(index(0), index(0), {TimeRole, DetailRole, CountRole});
}

void EventModel::insertOnTop(std::vector<Event> &events)
{
    if (events.empty())
        return;
    beginInsertRows({}, 0, static_cast<int>(events.size()) - 1);
    m_rows.insert(m_rows.begin(), events.rbegin(), events.rend());
    endInsertRows();
    events.clear();
}

void EventModel::trim()
{
    if (count() <= m_limit)
        return;
    beginRemoveRows({}, m_limit, count() - 1);
    m_rows.erase(m_rows.begin() + m_limit, m_rows.end());
    endRemoveRows();
}

} // namespace Tidepool::Qml
