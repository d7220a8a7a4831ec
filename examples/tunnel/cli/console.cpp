// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "console.h"

#include "librarywords.h"
#include "terminal.h"

#include <QtCore/QDateTime>
#include <QtCore/QLoggingCategory>

#include <atomic>
#include <cstdio>
#include <mutex>

namespace Tunnel::Console {

namespace {

struct Screen
{
    std::mutex mutex;
    QString statusLine;
    bool shown = false;
};

Screen &screen()
{
    static Screen screen;
    return screen;
}

void write(FILE *stream, const QString &text)
{
    const QByteArray bytes = text.toLocal8Bit();
    std::fwrite(bytes.constData(), 1, static_cast<size_t>(bytes.size()), stream);
    std::fflush(stream);
}

// The first columns of a line. Colour codes take no columns.
QString firstColumns(const QString &line, int columns)
{
    QString result;
    bool isInEscape = false;
    for (const QChar c : line) {
        isInEscape = isInEscape || c == QLatin1Char('\x1b');
        if (isInEscape || columns-- > 0)
            result += c;
        isInEscape = isInEscape && !c.isLetter();
    }
    return result;
}

// These two functions need the screen's mutex to be held.
void hideStatusLine()
{
    if (std::exchange(screen().shown, false))
        write(stderr, QStringLiteral("\r\x1b[K"));
}

void showStatusLine()
{
    if (screen().statusLine.isEmpty())
        return;
    // A line that wraps cannot be removed. The last column stays empty, because some terminals wrap after it.
    write(stderr, QString(QStringLiteral("\r\x1b[K") + firstColumns(screen().statusLine, Terminal::width() - 1)));
    screen().shown = true;
}

void writeAbove(FILE *stream, const QString &text)
{
    const std::lock_guard lock(screen().mutex);
    hideStatusLine();
    write(stream, text);
    showStatusLine();
}

QString levelName(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return QStringLiteral("debug");
    case QtInfoMsg:
        return QStringLiteral("info");
    case QtWarningMsg:
        return QStringLiteral("warning");
    case QtCriticalMsg:
    case QtFatalMsg:
        break;
    }
    return QStringLiteral("error");
}

std::atomic<int> libraryMuted = 0;

void logMessage(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    const bool isOfLibrary = qstrcmp(context.category, "tidepool") == 0;
    if (isOfLibrary && libraryMuted > 0)
        return;
    if (qstrcmp(context.category, "tidepool.tls") == 0)
        return; // the client's command logs the same message with option names
    const QString format =
        stderrIsTerminal() ? QStringLiteral("HH:mm:ss.zzz") : QStringLiteral("yyyy-MM-dd'T'HH:mm:ss.zzz");
    const QString time = QDateTime::currentDateTime().toString(format);
    writeAbove(stderr,
               QString(time + QLatin1Char(' ') + levelName(type) + QLatin1Char(' ')
                       + (isOfLibrary ? inOptions(message) : message) + QLatin1Char('\n')));
}

} // namespace

bool stderrIsTerminal()
{
    static const bool isTerminal = Terminal::isTerminal(stderr);
    return isTerminal;
}

bool stdoutIsTerminal()
{
    static const bool isTerminal = Terminal::isTerminal(stdout);
    return isTerminal;
}

bool hasColours()
{
    static const bool colours =
        stdoutIsTerminal() && qEnvironmentVariableIsEmpty("NO_COLOR") && qgetenv("TERM") != QByteArrayLiteral("dumb");
    return colours;
}

bool hasUnicode()
{
    static const bool unicode = Terminal::isUtf8();
    return unicode;
}

void installLogging(bool verbose)
{
    qInstallMessageHandler(logMessage);
    if (verbose)
        QLoggingCategory::setFilterRules(QStringLiteral("tidepool.*=true\ntidepool=true"));
}

LibraryMuted::LibraryMuted()
{
    ++libraryMuted;
}

LibraryMuted::~LibraryMuted()
{
    --libraryMuted;
}

void setStatusLine(const QString &text)
{
    if (!stderrIsTerminal())
        return;
    const std::lock_guard lock(screen().mutex);
    if (screen().statusLine == text)
        return;
    screen().statusLine = text;
    if (text.isEmpty())
        hideStatusLine();
    else
        showStatusLine();
}

void print(const QString &text)
{
    writeAbove(stdout, text);
}

void printError(const QString &text)
{
    writeAbove(stderr, text);
}

} // namespace Tunnel::Console
