// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "lograte.h"

#include <tidepool/poolerror.h>

#include <QtCore/QTimer>

namespace Tidepool {

/// Logs failures: the first of each kind at once, and later ones from time to time. See LogRate. The destructor logs
/// the failures that are still held back.
///
/// Lives in the I/O thread. As a child of a QObject it moves to the I/O thread with that object.
class RepeatedLog : public QObject
{
    Q_OBJECT

public:
    explicit RepeatedLog(QObject *parent);
    ~RepeatedLog() override;
    Q_DISABLE_COPY_MOVE(RepeatedLog)

    void failure(const PoolError &error);
    /// Logs the failures that are held back, and forgets all kinds. The next failure of each kind is logged at once.
    void startOver();

private:
    void tellHeldBack();

    LogRate m_rate;
    QTimer m_timer;
};

} // namespace Tidepool
