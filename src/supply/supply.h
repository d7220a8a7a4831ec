// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

namespace Tidepool {

/// Makes a pool's connections. Lives in the lane from start() to its destruction.
class Supply : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    virtual void start() = 0;
    /// Something changed in Sink::demand().
    virtual void wake() = 0;
    virtual void setPaused(bool paused) = 0;
    /// Abandons what is under way: it would be dropped anyhow.
    virtual void abandon() = 0;
};

} // namespace Tidepool
