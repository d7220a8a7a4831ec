// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "terminal.h"

#include <QtCore/QtGlobal>

#ifdef Q_OS_UNIX
#    include <langinfo.h>
#    include <sys/ioctl.h>
#    include <unistd.h>

#    include <cstring>
#endif

namespace Tunnel::Terminal {

namespace {

constexpr int usualWidth = 80;

} // namespace

#ifdef Q_OS_UNIX

bool isTerminal(FILE *stream)
{
    return isatty(fileno(stream)) != 0;
}

bool isUtf8()
{
    return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int width()
{
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return usualWidth;
    return size.ws_col;
}

#else

// Without a status line and without colours everything is still said, in plain lines.
bool isTerminal(FILE *)
{
    return false;
}

bool isUtf8()
{
    return false;
}

int width()
{
    return usualWidth;
}

#endif

} // namespace Tunnel::Terminal
