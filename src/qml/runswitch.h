// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

namespace Tidepool::Qml {

/// The property `running` of a pool: starts the pool after its component is complete, and closes it.
class RunSwitch : public QObject
{
    Q_OBJECT

public:
    explicit RunSwitch(Pool &pool);

    /// Call this when the construction of the component begins. Until complete(), changes are only stored.
    void begin() { m_isComplete = false; }
    /// Call this when the component is complete. Starts the pool if `running` is true.
    void complete();
    /// True from start() to close(), or to the end of a drain.
    [[nodiscard]] bool isOn() const;
    /// If the pool drains, true makes it start again as soon as the drain ends or close() is called, and false cancels
    /// that.
    void set(bool on);
    /// Emits the signal if isOn() has changed.
    void publish();

Q_SIGNALS:
    void changed();

private:
    Pool &m_pool;
    bool m_isComplete = true;
    bool m_isWanted = false; // the value before the component is complete
    bool m_restarts = false; // start again when the drain is over
    bool m_isPublished = false;
};

} // namespace Tidepool::Qml
