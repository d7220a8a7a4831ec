// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "connectionmodel.h"

#include <algorithm>
#include <cstdlib>

namespace Tidepool::Qml {

namespace {

constexpr int rowLimit = 1'000;
constexpr qint64 sameMoment = 50; // ms, because two clocks are read one after the other

/// True for the members of a longest increasing subsequence of @p places: the rows that can stay in place.
std::vector<bool> stayers(const std::vector<int> &places)
{
    constexpr size_t none = static_cast<size_t>(-1);
    std::vector<size_t> tails; // tails[n]: the end of the best subsequence of n + 1 members
    std::vector<size_t> before(places.size(), none);
    for (size_t i = 0; i < places.size(); ++i) {
        const auto spot = std::lower_bound(tails.begin(), tails.end(), places[i],
                                           [&](size_t tail, int place) { return places[tail] < place; });
        if (spot != tails.begin())
            before[i] = *(spot - 1);
        if (spot == tails.end())
            tails.push_back(i);
        else
            *spot = i;
    }
    std::vector<bool> result(places.size());
    for (size_t i = tails.empty() ? none : tails.back(); i != none; i = before[i])
        result[i] = true;
    return result;
}

} // namespace

ConnectionModel::ConnectionModel(QObject *parent) : QAbstractListModel(parent), m_throttle(Throttle::modelInterval)
{
    m_clock.start();
    connect(&m_throttle, &Throttle::due, this, &ConnectionModel::refresh);
    connect(&m_aging, &QTimer::timeout, this, &ConnectionModel::growOlder);
    connect(&m_visibility, &VisibilityTracker::itemChanged, this, &ConnectionModel::itemChanged);
    connect(&m_visibility, &VisibilityTracker::shownChanged, this, &ConnectionModel::request);
}

void ConnectionModel::setPool(Pool *pool)
{
    if (pool == m_pool)
        return;
    if (m_pool)
        m_pool->disconnect(this);
    m_pool = pool;
    if (pool) {
        connect(pool, &Pool::statusChanged, this, &ConnectionModel::request);
        connect(pool, &QObject::destroyed, this, [this] {
            m_pool.clear();
            follow({});
            emit poolChanged();
        });
    }
    follow({}); // a connection of another pool is a different one, even if it has the same id
    request();
    emit poolChanged();
}

void ConnectionModel::setLimit(int rows)
{
    rows = std::clamp(rows, 1, rowLimit);
    if (rows == m_limit)
        return;
    m_limit = rows;
    request();
    emit limitChanged();
}

void ConnectionModel::setInterval(int milliseconds)
{
    milliseconds = std::max(20, milliseconds);
    if (milliseconds == interval())
        return;
    m_throttle.setInterval(milliseconds);
    emit intervalChanged();
}

void ConnectionModel::setAgeInterval(int milliseconds)
{
    milliseconds = milliseconds <= 0 ? 0 : std::max(100, milliseconds);
    if (milliseconds == m_ageInterval)
        return;
    m_ageInterval = milliseconds;
    m_aging.stop();
    updateAging();
    emit ageIntervalChanged();
}

int ConnectionModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant ConnectionModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    const qint64 since = m_clock.elapsed() - row.seen;
    switch (role) {
    case Qt::DisplayRole:
    case ConnectionIdRole:
        return row.record.id.toString();
    case PeerRole:
        return row.record.peer;
    case AgeMsRole:
        return static_cast<qreal>(row.record.ageMs() + since);
    case IdleMsRole:
        return static_cast<qreal>(row.record.idleMs() + since);
    case CipherRole:
        return row.record.cipher;
    case StateTextRole:
        return row.record.isTaken ? QStringLiteral("taken") : QStringLiteral("parked");
    case TakenRole:
        return row.record.isTaken;
    default:
        return {};
    }
}

QHash<int, QByteArray> ConnectionModel::roleNames() const
{
    return {{ConnectionIdRole, "connectionId"},
            {PeerRole, "peer"},
            {AgeMsRole, "ageMs"},
            {IdleMsRole, "idleMs"},
            {CipherRole, "cipher"},
            {StateTextRole, "stateText"},
            {TakenRole, "taken"},
            {Qt::DisplayRole, "display"}};
}

void ConnectionModel::componentComplete()
{
    m_isComplete = true;
    m_visibility.findItemAbove(this);
    request();
}

void ConnectionModel::request()
{
    if (m_pool && m_isComplete && m_visibility.isShown())
        m_throttle.request();
    else
        m_throttle.cancel();
    updateAging();
}

void ConnectionModel::refresh()
{
    if (!m_pool)
        return;
    const QList<ConnectionRecord> records = m_pool->connections(m_limit);
    const qint64 now = m_clock.elapsed();
    std::vector<Row> target;
    target.reserve(static_cast<size_t>(records.size()));
    std::unordered_map<quint32, quint32> sameId;
    for (const ConnectionRecord &record : records) {
        const quint64 above = sameId[record.id.value()]++;
        target.push_back({above << 32 | record.id.value(), record, now});
    }
    follow(target);
}

// Changes the current rows into @p target with as few steps as possible.
void ConnectionModel::follow(const std::vector<Row> &target)
{
    const int before = count();
    Places places;
    for (size_t i = 0; i < target.size(); ++i)
        places.emplace(target[i].key, static_cast<int>(i));
    removeVanished(places);
    moveToOrder(places);
    insertNew(target);
    updateRows(target);
    updateAging();
    if (count() != before)
        emit countChanged();
}

void ConnectionModel::removeVanished(const Places &places)
{
    const auto stays = [&](int row) { return places.contains(m_rows[static_cast<size_t>(row)].key); };
    for (int last = count() - 1; last >= 0; --last) {
        if (stays(last))
            continue;
        int first = last;
        while (first > 0 && !stays(first - 1))
            --first;
        beginRemoveRows({}, first, last);
        m_rows.erase(m_rows.begin() + first, m_rows.begin() + last + 1);
        endRemoveRows();
        last = first;
    }
}

void ConnectionModel::moveToOrder(const Places &places)
{
    std::vector<int> order; // the final place of each row
    order.reserve(m_rows.size());
    for (const Row &row : m_rows)
        order.push_back(places.at(row.key));
    std::vector<bool> isPlaced = stayers(order);
    for (size_t from = 0; from < order.size();) {
        if (isPlaced[from]) {
            ++from;
            continue;
        }
        size_t to = 0; // before the first placed row that comes later
        while (to < order.size() && !(isPlaced[to] && order[to] > order[from]))
            ++to;
        isPlaced[from] = true;
        if (to == from || to == from + 1)
            continue;
        beginMoveRows({}, static_cast<int>(from), static_cast<int>(from), {}, static_cast<int>(to));
        const auto move = [from, to](auto &list) {
            const auto at = [&](size_t i) { return list.begin() + static_cast<qsizetype>(i); };
            if (from < to)
                std::rotate(at(from), at(from + 1), at(to));
            else
                std::rotate(at(to), at(from), at(from + 1));
        };
        move(m_rows);
        move(order);
        move(isPlaced);
        endMoveRows();
    }
}

void ConnectionModel::insertNew(const std::vector<Row> &target)
{
    const auto isThere = [&](size_t i) { return i < m_rows.size() && m_rows[i].key == target[i].key; };
    for (size_t first = 0; first < target.size(); ++first) {
        if (isThere(first))
            continue;
        // Insert up to the next row that is already in the list.
        size_t end = first + 1;
        while (end < target.size() && !(first < m_rows.size() && m_rows[first].key == target[end].key))
            ++end;
        beginInsertRows({}, static_cast<int>(first), static_cast<int>(end) - 1);
        m_rows.insert(m_rows.begin() + static_cast<qsizetype>(first), target.begin() + static_cast<qsizetype>(first),
                      target.begin() + static_cast<qsizetype>(end));
        endInsertRows();
        first = end - 1;
    }
}

void ConnectionModel::updateRows(const std::vector<Row> &target)
{
    const auto differs = [&](size_t i) {
        const ConnectionRecord &now = target[i].record;
        const ConnectionRecord &before = m_rows[i].record;
        // The connection was taken and given back in the meantime: it looks the same, but its idle time started again.
        const qint64 shift = (target[i].seen - now.idleMs()) - (m_rows[i].seen - before.idleMs());
        return now.isTaken != before.isTaken || now.peer != before.peer || now.cipher != before.cipher
            || std::abs(shift) > sameMoment;
    };
    for (size_t first = 0; first < target.size(); ++first) {
        size_t end = first;
        while (end < target.size() && differs(end)) {
            m_rows[end] = target[end];
            ++end;
        }
        if (end > first) {
            emit dataChanged(index(static_cast<int>(first)), index(static_cast<int>(end) - 1));
            first = end;
        }
        if (first < target.size())
            m_rows[first] = target[first]; // update the exact ages, in milliseconds
    }
}

void ConnectionModel::updateAging()
{
    const bool shall = m_ageInterval > 0 && m_isComplete && m_visibility.isShown() && !m_rows.empty();
    if (shall && !m_aging.isActive())
        m_aging.start(m_ageInterval);
    else if (!shall)
        m_aging.stop();
}

void ConnectionModel::growOlder()
{
    emit dataChanged(index(0), index(count() - 1), {AgeMsRole, IdleMsRole});
}

} // namespace Tidepool::Qml
