// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../log.h"

#include <QtCore/QString>

namespace Tidepool {

/// Logs a failure once, and when it ends, how often it was repeated.
class RepeatedLog
{
public:
    void failure(const QString &message)
    {
        if (message == m_message) {
            ++m_repeated;
            return;
        }
        success();
        m_message = message;
        qCWarning(lcTidepool, "%ls", qUtf16Printable(message));
    }

    void success()
    {
        if (m_repeated > 0)
            qCInfo(lcTidepool, "The last failure was repeated %d more times.", m_repeated);
        m_message.clear();
        m_repeated = 0;
    }

private:
    QString m_message;
    int m_repeated = 0;
};

} // namespace Tidepool
