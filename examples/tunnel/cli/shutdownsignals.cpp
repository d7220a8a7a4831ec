// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "shutdownsignals.h"

#include "../log.h"
#include "console.h"

#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>

#include <atomic>
#include <csignal>
#include <cstdlib>

#ifdef Q_OS_UNIX
#    include <fcntl.h>
#    include <sys/resource.h>
#    include <unistd.h>

#    include <algorithm>
#    include <array>
#endif

namespace Tunnel {

namespace {

constexpr int endedBySignal = 128; // shells add this to the number of the signal that ended a program
constexpr int usualFileLimit = 1'024;
#ifdef Q_OS_UNIX
constexpr rlim_t mostFiles = 1'000'000;
#endif

} // namespace

#ifdef Q_OS_UNIX

namespace {

// A signal handler can do little more than write to a pipe.
std::array<int, 2> signalPipe{-1, -1};
constexpr std::array stopSignals{SIGINT, SIGTERM, SIGHUP};
std::atomic<int> signalCount = 0;

// When a terminal closes, SIGHUP can come twice: from the system and from the shell.
void handleSignal(int number)
{
    if (++signalCount > 1) {
        if (number == SIGHUP)
            return;
        _exit(endedBySignal + number);
    }
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = ::write(signalPipe[1], &byte, 1);
}

} // namespace

class ShutdownSignals::Private
{
public:
    std::unique_ptr<QSocketNotifier> notifier;
};

ShutdownSignals::ShutdownSignals(QObject *parent) : QObject(parent), d(std::make_unique<Private>())
{
    if (::pipe(signalPipe.data()) != 0) {
        qCWarning(lcTunnel) << "no pipe for signals: SIGINT, SIGTERM and SIGHUP end the program at once";
        return;
    }
    for (const int end : signalPipe) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    d->notifier = std::make_unique<QSocketNotifier>(signalPipe[0], QSocketNotifier::Read);
    connect(d->notifier.get(), &QSocketNotifier::activated, this, [this] {
        d->notifier->setEnabled(false);
        Console::setStatusLine({}); // a second signal leaves no time to remove the line
        emit requested();
    });
    struct sigaction action = {};
    action.sa_handler = handleSignal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int number : stopSignals) {
        struct sigaction before = {};
        // nohup, and shells without job control, set some signals to be ignored. They stay ignored.
        if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
            ::sigaction(number, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

ShutdownSignals::~ShutdownSignals()
{
    for (const int number : stopSignals) {
        struct sigaction now = {};
        if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == handleSignal)
            std::signal(number, SIG_DFL);
    }
    for (int &end : signalPipe) {
        if (end >= 0)
            ::close(end);
        end = -1;
    }
}

int raiseFileLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return usualFileLimit;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = before;
    return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, mostFiles));
}

#else

namespace {

std::atomic<int> signalCount = 0;

void handleSignal(int number)
{
    if (++signalCount > 1)
        std::_Exit(endedBySignal + number);
    std::signal(number, handleSignal);
}

} // namespace

class ShutdownSignals::Private
{
public:
    QTimer look;
};

ShutdownSignals::ShutdownSignals(QObject *parent) : QObject(parent), d(std::make_unique<Private>())
{
    for (const int number : {SIGINT, SIGTERM})
        std::signal(number, handleSignal);
    connect(&d->look, &QTimer::timeout, this, [this] {
        if (signalCount == 0)
            return;
        d->look.stop();
        emit requested();
    });
    d->look.start(std::chrono::milliseconds(100));
}

ShutdownSignals::~ShutdownSignals() = default;

int raiseFileLimit()
{
    return usualFileLimit;
}

#endif

} // namespace Tunnel
