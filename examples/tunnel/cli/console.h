// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

/// The output for the user: log lines on stderr, results on stdout, and below them a temporary status line. Any thread.
namespace Tunnel::Console {

[[nodiscard]] bool stderrIsTerminal();
[[nodiscard]] bool stdoutIsTerminal();
/// True if stdout shows colours: stdout is a terminal, and NO_COLOR is not set.
[[nodiscard]] bool hasColours();
/// True if characters beyond ASCII can be shown.
[[nodiscard]] bool hasUnicode();

/// Writes Qt's log messages to stderr, with a time, above the status line.
void installLogging(bool verbose);
/// While an object of this class exists, the library's messages are not shown. For errors that are reported in other
/// ways.
class LibraryMuted
{
public:
    LibraryMuted();
    ~LibraryMuted();
    LibraryMuted(const LibraryMuted &) = delete;
    LibraryMuted &operator=(const LibraryMuted &) = delete;
};
/// Shows @p text, one line that is cut to the terminal's width, below all other output. An empty text removes the line.
/// Has no effect if stderr is not a terminal.
void setStatusLine(const QString &text);
/// Writes to stdout.
void print(const QString &text);
/// Writes to stderr.
void printError(const QString &text);

} // namespace Tunnel::Console
