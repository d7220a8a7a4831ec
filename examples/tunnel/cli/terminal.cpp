// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "terminal.h"

#include <QtCore/QtGlobal>

#ifdef Q_OS_UNIX
#    include <langinfo.h>
#    include <sys/ioctl.h>
#    include <unistd.h>

#    include <clocale>
#    include <cstdlib>
#    include <cstring>
#endif

namespace Tunnel::Terminal {

namespace {

constexpr int usualWidth = 80;

} // namespace

#ifdef Q_OS_UNIX

namespace {

bool wasUtf8 = false;

bool hasUtf8Codeset()
{
    return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

} // namespace

bool isTerminal(FILE *stream)
{
    return isatty(fileno(stream)) != 0;
}

bool isUtf8()
{
    return wasUtf8;
}

// Qt does the same, with a warning on stderr, but reads the environment again. Sets only LC_CTYPE where that is enough,
// because LC_ALL also sets the language of numbers and dates.
void useUtf8()
{
    std::setlocale(LC_ALL, "");
    wasUtf8 = hasUtf8Codeset();
    if (wasUtf8)
        return;
    for (const char *name : {"C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"}) {
        if (!std::setlocale(LC_CTYPE, name) || !hasUtf8Codeset())
            continue;
        const char *all = std::getenv("LC_ALL");
        ::setenv(all && *all ? "LC_ALL" : "LC_CTYPE", name, 1);
        return;
    }
}

int width()
{
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return usualWidth;
    return size.ws_col;
}

#else

// Without a status line and colours, the program still writes all messages as plain lines.
bool isTerminal(FILE *)
{
    return false;
}

bool isUtf8()
{
    return false;
}

void useUtf8() {}

int width()
{
    return usualWidth;
}

#endif

} // namespace Tunnel::Terminal
