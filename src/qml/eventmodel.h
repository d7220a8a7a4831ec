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

/// The events of a pool: changes of its state, evictions, and failed attempts, with their reasons. Newest first.
///
/// Between two changes of state, a repeated event is one row with a count, and the row moves to the top. The model
/// follows the pool at most once in each interval, updates only the rows that changed, and is never reset. While the
/// user cannot see the Item to which the model belongs, the model only stores events, within the limit, and no timer
/// runs.
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
    /// In QML, the names of the roles start with a small letter.
    enum Role {
        TimeRole = Qt::UserRole, ///< Date: when it happened last.
        KindRole, ///< string: "state", "evicted" or "failed".
        TextRole, ///< string: a sentence.
        DetailRole, ///< string: details of the last time, or empty.
        CountRole, ///< int: how many times it happened.
    };
    Q_ENUM(Role)

    explicit EventModel(QObject *parent = nullptr);

    /// Another pool starts a new list. Default: none.
    [[nodiscard]] Pool *pool() const { return m_pool; }
    void setPool(Pool *pool);
    /// The maximum number of rows. The oldest rows are removed. Default: 200. Range: 1 to 10,000.
    [[nodiscard]] int limit() const { return m_limit; }
    void setLimit(int rows);
    /// The minimum time between two updates, in milliseconds. Default: 250. Range: 20 and up.
    [[nodiscard]] int interval() const { return m_throttle.interval(); }
    void setInterval(int milliseconds);
    /// The model works while the user can see this Item. Default: the Item in which the model is declared. Without an
    /// Item, the model always works.
    [[nodiscard]] QQuickItem *item() const { return m_visibility.item(); }
    void setItem(QQuickItem *item) { m_visibility.setItem(item); }
    [[nodiscard]] int count() const { return static_cast<int>(m_rows.size()); }

    Q_INVOKABLE void clear();
    /// Adds a failure that the pool does not know, as a sentence. It looks like a failure of the pool.
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
        ConnectionId id; // the id of an eviction, until its details are found
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
