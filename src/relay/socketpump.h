// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "pump.h"

namespace Tidepool {

/// The pump for any two sockets, TLS included.
class SocketPump final : public Pump
{
    Q_OBJECT

public:
    explicit SocketPump(PumpParts parts);
    ~SocketPump() override;

    void start() override;

protected:
    void finish(Relay::Reason reason, const QString &errorText = {}) override;

private:
    void watch(int side);
    void pump(int from);
    void onClosed(int side);
    void onError(int side);
    void closeOther();

    std::array<RelayEnd, 2> m_ends;
    std::array<QTcpSocket *, 2> m_sockets{};
    int m_closedSide = -1; ///< The one that closed first.
    bool m_isOver = false;
};

} // namespace Tidepool
