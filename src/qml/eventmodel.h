// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "throttle.h"
#include "visibilitytracker.h"

#include <tidepool/pool.h>

#include <QtCore/QAbstractListModel>
#include <QtCore/QDateTime>
#include <QtCore/QPointer>
#include <QtQml/QQmlParserStatus>
#include <QtQml/qqml.h>

#include <deque>
#include <vector>

namespace Tidepool::Qml {

/// What happened to a pool: changes of its state, evictions, and failed attempts, with their reasons. Newest first.
///
/// Between two changes of state, an event that repeats is one row with a count, which moves to the top. Follows the
/// pool at most once per interval, only with the rows that changed, and is never reset. While nobody can see the Item
/// it belongs to, events are only noted, within the limit, and no timer runs.
class EventModel : public QAbstractListModel, public QQmlParserStatus
{
    Q_OBJECT
    QML_ELEMENT
    Q_INTERFACES(QQmlParserStatus)
    Q_PROPERTY(Tidepool::Pool *pool READ pool WRITE setPool NOTIFY poolChanged FINAL)
    Q_PROPERTY(int limit READ limit WRITE setLimit NOTIFY limitChanged FINAL)
    Q_PROPERTY(int interval READ interval WRITE setInterval NOTIFY intervalChanged FINAL)
    Q_PROPERTY(QQuickItem *item READ item WRITE setItem NOTIFY itemChanged FINAL)
    Q_PROPERTY(int count READ count NOTIFY countChanged FINAL)

public:
    /// QML knows them by their names with a small first letter.
    enum Role {
        TimeRole = Qt::UserRole, ///< Date: when it happened last.
        KindRole, ///< string: "state", "evicted" or "failed".
        TextRole, ///< string: a sentence.
        DetailRole, ///< string: more words, of the last time it happened; may be empty.
        CountRole, ///< int: how many times it happened.
    };
    Q_ENUM(Role)

    explicit EventModel(QObject *parent = nullptr);

    /// Another pool begins a new list. Default: none.
    [[nodiscard]] Pool *pool() const { return m_pool; }
    void setPool(Pool *pool);
    /// Rows at most; the oldest go. Default: 200. Range: 1 to 10,000.
    [[nodiscard]] int limit() const { return m_limit; }
    void setLimit(int rows);
    /// Milliseconds between two updates, at least. Default: 250. Range: 20 and up.
    [[nodiscard]] int interval() const { return m_throttle.interval(); }
    void setInterval(int milliseconds);
    /// It works while this one can be seen. Default: the Item it is declared in; without any it always works.
    [[nodiscard]] QQuickItem *item() const { return m_visibility.item(); }
    void setItem(QQuickItem *item) { m_visibility.setItem(item); }
    [[nodiscard]] int count() const { return static_cast<int>(m_rows.size()); }

    Q_INVOKABLE void clear();
    /// A failure that the pool does not know of, as a sentence; it is shown as one of the pool's.
    Q_INVOKABLE void addFailure(const QString &text, const QString &detail = {});

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;

    void classBegin() override { m_isComplete = false; }
    void componentComplete() override;

Q_SIGNALS:
    void poolChanged();
    void limitChanged();
    void intervalChanged();
    void itemChanged();
    void countChanged();

private:
    enum class Kind { State, Evicted, Failed };
    struct Event
    {
        Kind kind = Kind::State;
        QString text;
        QString detail;
        QDateTime time;
        int count = 1;
        ConnectionId id; // of an eviction, until its details are looked up
    };

    void listen();
    void note(const Event &event);
    void request();
    void flush();
    void addDetails(std::deque<Event> &events) const;
    void fold(const Event &event, int row);
    void insertOnTop(std::vector<Event> &events);
    void trim();
    template <typename Events>
    [[nodiscard]] static int find(const Events &events, const Event &event);

    QPointer<Pool> m_pool;
    int m_limit = 200;
    bool m_isComplete = true;
    std::deque<Event> m_pending; // newest first, as in the rows
    std::deque<Event> m_rows; // newest first
    Throttle m_throttle;
    VisibilityTracker m_visibility;
};

} // namespace Tidepool::Qml
