// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace TestSupport {

/// Connects to a port of 127.0.0.1 as fast as it can, without TLS and without a word, in a thread of its own. The
/// connections stay open as long as it lives.
class ClientFlood
{
public:
    ClientFlood(quint16 port, int count);
    ~ClientFlood();
    Q_DISABLE_COPY_MOVE(ClientFlood)

    /// Connections made so far.
    [[nodiscard]] int connected() const { return m_connected; }
    /// How many bytes wait at the client whose own end is @p endpoint, "127.0.0.1:port"; -1 if there is no such client.
    [[nodiscard]] int bytesAt(const QString &endpoint) const;

private:
    struct Client
    {
        int descriptor;
        quint16 port;
    };
    void connectOne(quint16 port);

    std::atomic<bool> m_isStopped = false;
    std::atomic<int> m_connected = 0;
    mutable std::mutex m_mutex; // of what follows
    std::vector<Client> m_clients;
    std::thread m_thread; // last, because it uses the rest
};

} // namespace TestSupport
