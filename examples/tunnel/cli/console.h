// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

/// What the user sees: log lines on stderr, results on stdout, and below them a status line that comes
/// and goes. Any thread.
namespace Tunnel::Console {

[[nodiscard]] bool stderrIsTerminal();
[[nodiscard]] bool stdoutIsTerminal();
/// Whether stdout takes colours: a terminal, and NO_COLOR is not set.
[[nodiscard]] bool hasColours();
/// Whether characters beyond ASCII can be shown.
[[nodiscard]] bool hasUnicode();

/// Sends Qt's log messages to stderr, with a time, and keeps them out of the status line's way.
void installLogging(bool verbose);
/// While one of these lives, the library's messages are not shown: for errors that are reported in other ways.
class LibraryMuted
{
public:
    LibraryMuted();
    ~LibraryMuted();
    LibraryMuted(const LibraryMuted &) = delete;
    LibraryMuted &operator=(const LibraryMuted &) = delete;
};
/// Shows @p text, of one line and cut to the terminal's width, below everything else; an empty one takes it away.
/// Without effect if stderr is no terminal.
void setStatusLine(const QString &text);
/// Writes to stdout.
void print(const QString &text);
/// Writes to stderr.
void printError(const QString &text);

} // namespace Tunnel::Console
