// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QStringList>
#include <QtCore/QtGlobal>

namespace TestSupport {

/// Collects what is logged while it lives, from all threads, instead of printing it. One at a time.
class MessageRecorder
{
public:
    struct Message
    {
        QtMsgType type = QtDebugMsg;
        QString category;
        QString text;
    };

    MessageRecorder();
    ~MessageRecorder();
    Q_DISABLE_COPY_MOVE(MessageRecorder)

    [[nodiscard]] QList<Message> messages() const;
    /// Warnings and worse of the library, without its advice about TLS settings ("tidepool.tls").
    [[nodiscard]] QStringList warnings() const;
    void clear();
};

} // namespace TestSupport
