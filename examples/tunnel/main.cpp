// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/openfiles.h"
#include "cli/options.h"
#include "cli/terminal.h"

#include <QtCore/QCoreApplication>
#include <QtNetwork/QNetworkInformation>

#include <type_traits>

using namespace Tunnel;

int main(int argc, char *argv[])
{
    if (!canOpenEnoughFiles())
        return 1;
    Terminal::useUtf8();
    const QCoreApplication application(argc, argv);
    const auto run = [](const auto &options) {
        using Options = std::decay_t<decltype(options)>;
        if constexpr (std::is_same_v<Options, Exit>) {
            options.code == 0 ? Console::print(options.text) : Console::printError(options.text);
            return options.code;
        } else {
            Console::installLogging(options.verbose);
            if constexpr (std::is_same_v<Options, ServerOptions>)
                return runServer(options);
            if constexpr (std::is_same_v<Options, ClientOptions>) {
                // with a backend, the pool pauses while there is no network
                (void)QNetworkInformation::loadDefaultBackend();
                return runClient(options);
            }
            if constexpr (std::is_same_v<Options, DemoOptions>)
                return runDemo(options);
        }
    };
    return std::visit(run, parseCommandLine(QCoreApplication::arguments()));
}
