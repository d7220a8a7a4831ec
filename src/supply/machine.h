// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../policy/machinewatch.h"

#include <QtCore/QObject>
#include <QtNetwork/QHostAddress>

#include <memory>
#include <optional>

namespace Tidepool {

/// What a pool asks the machine that it runs on. Thread-safe.
class Machine : public QObject
{
    Q_OBJECT

public:
    /// The one that pools use which start from now on.
    [[nodiscard]] static std::shared_ptr<Machine> current();
    /// For tests: another one; nullptr for the real one.
    static void replace(std::shared_ptr<Machine> machine);

    [[nodiscard]] virtual ClockReading clocks() const = 0;
    /// False if the system says that there is no network.
    [[nodiscard]] virtual bool isOnline() const = 0;
    /// The address from which @p peer is reached; null if there is no way to it, nothing if that cannot be found out
    /// now. No packet is sent.
    [[nodiscard]] virtual std::optional<QHostAddress> sourceTo(const QHostAddress &peer) const = 0;
    /// changed() is emitted for as long as the result is held. To be let go in the calling thread, which needs an event
    /// loop. @p withNetwork: also asks Qt for isOnline(), a while later, if the application has loaded a backend of
    /// QNetworkInformation: to load one would cost it a thread.
    [[nodiscard]] virtual std::shared_ptr<void> follow(bool withNetwork) = 0;

Q_SIGNALS:
    /// Something may have changed; emitted in any thread. What does not emit it is noticed when somebody asks.
    void changed();

protected:
    Machine();
};

} // namespace Tidepool
