// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <memory>
#include <mutex>
#include <vector>

QT_FORWARD_DECLARE_CLASS(QSslSocket)

namespace Tidepool {

/// The sockets of a thread without an event loop that were let go in another thread.
///
/// A QSslSocket may be touched by its own thread only, and that one hears nothing. So they wait here until it next
/// uses a connection, or ends. Thread-safe.
class Orphans
{
public:
    /// Those of the calling thread.
    static std::shared_ptr<Orphans> ofThisThread();

    /// Takes the socket over, which lives in the thread these belong to. What the peer can notice of its end it
    /// notices now, unless bytes are left to be sent.
    void add(QSslSocket *socket);
    /// Closes them all. In their thread.
    void close();

private:
    class Holder;
    std::vector<QSslSocket *> takeAll();

    std::mutex m_mutex;
    std::vector<QSslSocket *> m_sockets;
    bool m_isThreadOver = false;
};

} // namespace Tidepool
