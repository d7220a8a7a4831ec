// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

namespace Tidepool::Qml {

/// The property `running` of a pool: starts it once its component is complete, and closes it.
class RunSwitch : public QObject
{
    Q_OBJECT

public:
    explicit RunSwitch(Pool &pool);

    /// The component begins: what comes now is only noted.
    void begin() { m_isComplete = false; }
    /// The component is complete: starts the pool if it shall run.
    void complete();
    /// True from start() to close(), or to the end of a drain.
    [[nodiscard]] bool isOn() const;
    /// On while the pool drains: it starts again as soon as it has closed, by close() too; off ends that wish.
    void set(bool on);
    /// Tells if isOn() has changed.
    void publish();

Q_SIGNALS:
    void changed();

private:
    Pool &m_pool;
    bool m_isComplete = true;
    bool m_isWanted = false; // before the component is complete
    bool m_restarts = false; // when the drain is over
    bool m_isPublished = false;
};

} // namespace Tidepool::Qml
