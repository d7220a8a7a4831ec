// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "dial.h"

namespace Tidepool {

/// A dial by QSslSocket: TLS, proxies, dialers, everything.
class SocketDial final : public Dial
{
    Q_OBJECT

public:
    SocketDial(Sink &sink, const DialPlan &plan);

    void start() override;

private:
    void prepare();
    void onStateChanged(QAbstractSocket::SocketState state);
    void onConnected();
    void onEncrypted();
    void beginIdentify();
    void readId();
    void failWithSocketError();
    [[nodiscard]] std::unique_ptr<QSslSocket> takeSocket() override;

    std::unique_ptr<QSslSocket> m_socket;
};

} // namespace Tidepool
