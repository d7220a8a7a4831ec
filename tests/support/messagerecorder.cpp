// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/messagerecorder.h"

#include <QtCore/QMessageLogContext>

#include <mutex>

namespace TestSupport {

namespace {

std::mutex mutex;
QList<MessageRecorder::Message> recorded; // clazy:exclude=non-pod-global-static
QtMessageHandler previousHandler = nullptr;

void record(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    const std::lock_guard lock(mutex);
    recorded.append({type, QString::fromLatin1(context.category), text});
}

} // namespace

MessageRecorder::MessageRecorder()
{
    clear();
    previousHandler = qInstallMessageHandler(record);
}

MessageRecorder::~MessageRecorder()
{
    qInstallMessageHandler(previousHandler);
}

QList<MessageRecorder::Message> MessageRecorder::messages() const
{
    const std::lock_guard lock(mutex);
    return recorded;
}

QStringList MessageRecorder::warnings() const
{
    QStringList texts;
    for (const Message &message : messages()) {
        if (message.type != QtDebugMsg && message.type != QtInfoMsg && message.category == QLatin1String("tidepool"))
            texts.append(message.text);
    }
    return texts;
}

void MessageRecorder::clear()
{
    const std::lock_guard lock(mutex);
    recorded.clear();
}

} // namespace TestSupport
