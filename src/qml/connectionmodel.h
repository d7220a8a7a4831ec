// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "throttle.h"
#include "visibilitytracker.h"

#include <tidepool/pool.h>

#include <QtCore/QAbstractListModel>
#include <QtCore/QElapsedTimer>
#include <QtCore/QPointer>
#include <QtCore/QTimer>
#include <QtQml/QQmlParserStatus>
#include <QtQml/qqml.h>

#include <unordered_map>
#include <vector>

namespace Tidepool::Qml {

/// A pool's connections: the parked connections, then the connections that are taken and still held, newest first in
/// both groups.
///
/// The model follows the pool at most once in each interval, updates only the rows that changed, and is never reset.
/// The ages in the view are updated once in each ageInterval. While the user cannot see the Item to which the model
/// belongs, nothing happens and no timer runs.
class ConnectionModel : public QAbstractListModel, public QQmlParserStatus
{
    Q_OBJECT
    QML_ELEMENT
    Q_INTERFACES(QQmlParserStatus)
    Q_PROPERTY(Tidepool::Pool *pool READ pool WRITE setPool NOTIFY poolChanged FINAL)
    Q_PROPERTY(int limit READ limit WRITE setLimit NOTIFY limitChanged FINAL)
    Q_PROPERTY(int interval READ interval WRITE setInterval NOTIFY intervalChanged FINAL)
    Q_PROPERTY(int ageInterval READ ageInterval WRITE setAgeInterval NOTIFY ageIntervalChanged FINAL)
    Q_PROPERTY(QQuickItem *item READ item WRITE setItem NOTIFY itemChanged FINAL)
    Q_PROPERTY(int count READ count NOTIFY countChanged FINAL)

public:
    /// In QML, the names of the roles start with a small letter.
    enum Role {
        ConnectionIdRole = Qt::UserRole, ///< string: 8 hexadecimal digits.
        PeerRole, ///< string: "address:port".
        AgeMsRole, ///< real: milliseconds since it was established.
        IdleMsRole, ///< real: milliseconds since it was parked, or taken.
        CipherRole, ///< string: empty without TLS.
        StateTextRole, ///< string: "parked" or "taken".
        TakenRole, ///< bool.
    };
    Q_ENUM(Role)

    explicit ConnectionModel(QObject *parent = nullptr);

    /// Default: none.
    [[nodiscard]] Pool *pool() const { return m_pool; }
    void setPool(Pool *pool);
    /// The maximum number of rows. If there are more connections, up to half of the rows are taken connections.
    /// Default: 200. Range: 1 to 1,000.
    [[nodiscard]] int limit() const { return m_limit; }
    void setLimit(int rows);
    /// The minimum time between two updates, in milliseconds. Default: 250. Range: 20 and up.
    [[nodiscard]] int interval() const { return m_throttle.interval(); }
    void setInterval(int milliseconds);
    /// The time between two updates of the ages, in milliseconds. Default: 1,000. Range: 100 and up. 0: no updates of
    /// their own.
    [[nodiscard]] int ageInterval() const { return m_ageInterval; }
    void setAgeInterval(int milliseconds);
    /// The model works while the user can see this Item. Default: the Item in which the model is declared. Without an
    /// Item, the model always works.
    [[nodiscard]] QQuickItem *item() const { return m_visibility.item(); }
    void setItem(QQuickItem *item) { m_visibility.setItem(item); }
    [[nodiscard]] int count() const { return static_cast<int>(m_rows.size()); }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;

    void classBegin() override { m_isComplete = false; }
    void componentComplete() override;

Q_SIGNALS:
    void poolChanged();
    void limitChanged();
    void intervalChanged();
    void ageIntervalChanged();
    void itemChanged();
    void countChanged();

private:
    struct Row
    {
        quint64 key = 0; // the id, and the number of rows above with the same id, which is rarely more than 0
        ConnectionRecord record;
        qint64 seen = 0; // the time of the record, in milliseconds of m_clock
    };
    using Places = std::unordered_map<quint64, int>; // key -> row

    void request();
    void refresh();
    void follow(const std::vector<Row> &target);
    void removeVanished(const Places &places);
    void moveToOrder(const Places &places);
    void insertNew(const std::vector<Row> &target);
    void updateRows(const std::vector<Row> &target);
    void updateAging();
    void growOlder();

    QPointer<Pool> m_pool;
    int m_limit = 200;
    int m_ageInterval = 1'000;
    bool m_isComplete = true;
    std::vector<Row> m_rows;
    QElapsedTimer m_clock;
    Throttle m_throttle;
    QTimer m_aging;
    VisibilityTracker m_visibility;
};

} // namespace Tidepool::Qml
