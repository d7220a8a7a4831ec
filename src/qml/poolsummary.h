// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "throttle.h"

#include <tidepool/pool.h>

#include <QtCore/QPointer>
#include <QtCore/QString>
#include <QtCore/QTimer>
#include <QtQml/qqml.h>

namespace Tidepool::Qml {

/// The state of a pool as text. ClientPool and ServerPool have the same properties. This class is for pools made in
/// C++.
///
/// The texts follow the pool's state at once, and its metrics at most ten times a second. While a client waits for its
/// next dial, stateText counts down.
class PoolSummary : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(Tidepool::Pool *pool READ pool WRITE setPool NOTIFY poolChanged FINAL)
    Q_PROPERTY(QString stateText READ stateText NOTIFY stateTextChanged FINAL)
    Q_PROPERTY(QString lastErrorText READ lastErrorText NOTIFY lastErrorTextChanged FINAL)

public:
    explicit PoolSummary(QObject *parent = nullptr);

    /// Default: none.
    [[nodiscard]] Pool *pool() const { return m_pool; }
    void setPool(Pool *pool);
    /// PoolStatus::stateText(): "Ready: 24 warm", "Degraded: connection refused, next try in 3.2 s".
    [[nodiscard]] QString stateText() const;
    /// The last dial or accept error as a sentence that says what to do. Empty after a success.
    [[nodiscard]] QString lastErrorText() const;
    /// Reads the pool's state now.
    void update();

Q_SIGNALS:
    void poolChanged();
    void stateTextChanged();
    void lastErrorTextChanged();

private:
    void renew(const PoolStatus &status) const;
    void renewIfOld() const;

    QPointer<Pool> m_pool;
    // Updated by the first reader after a change of state.
    mutable PoolState m_state = PoolState::Stopped;
    mutable QString m_stateText;
    mutable QString m_lastErrorText;
    mutable bool m_isTextNews = false; // the change has not been signalled yet
    mutable bool m_isErrorNews = false;
    Throttle m_throttle;
    QTimer m_countdown;
};

} // namespace Tidepool::Qml
