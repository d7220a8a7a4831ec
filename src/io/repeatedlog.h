// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "lograte.h"

#include <tidepool/poolerror.h>

#include <QtCore/QTimer>

namespace Tidepool {

/// Logs failures, each kind at once and then now and then: see LogRate. What was held back when it ends is told then.
///
/// Lives in the I/O thread; as a child of a QObject it moves there with it.
class RepeatedLog : public QObject
{
    Q_OBJECT

public:
    explicit RepeatedLog(QObject *parent);
    ~RepeatedLog() override;
    Q_DISABLE_COPY_MOVE(RepeatedLog)

    void failure(const PoolError &error);
    /// Nothing that failed before is of interest any more: it is told, and what fails from now on is news.
    void startOver();

private:
    void tellHeldBack();

    LogRate m_rate;
    QTimer m_timer;
};

} // namespace Tidepool
