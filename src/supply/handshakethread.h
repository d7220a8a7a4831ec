// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "inboundconnection.h"

#include <functional>
#include <memory>
#include <unordered_set>

namespace Tidepool {

class IoThread;

/// One of the other I/O threads in which handshakes of a server pool run.
///
/// Hold it by shared_ptr. All functions are called in the pool's own I/O thread. An inbound connection is in one thread
/// at a time, owned by what it does there: begin() hands it over, and it comes back when it is over.
class HandshakeThread : public std::enable_shared_from_this<HandshakeThread>
{
public:
    /// Takes over an inbound connection that is over, in the pool's own I/O thread.
    using Return = std::function<void(std::unique_ptr<InboundConnection>)>;

    HandshakeThread(std::shared_ptr<IoThread> ioThread, const std::shared_ptr<IoThread> &home, Return giveBack);
    /// Drops all.
    ~HandshakeThread();
    Q_DISABLE_COPY_MOVE(HandshakeThread)

    [[nodiscard]] const std::shared_ptr<IoThread> &ioThread() const { return m_ioThread; }
    /// How many it has.
    [[nodiscard]] size_t underWay() const { return m_underWay.size(); }

    /// Has it shake hands there.
    void begin(std::unique_ptr<InboundConnection> inbound);
    /// It is not given back any more, but destroyed in the thread where it is.
    void drop(InboundConnection *inbound);
    void dropAll();

private:
    class Guests;
    void arrive(std::unique_ptr<InboundConnection> inbound);

    const std::shared_ptr<IoThread> m_ioThread;
    const std::weak_ptr<IoThread> m_home;
    const Return m_giveBack;
    std::unordered_set<InboundConnection *> m_underWay;
    std::shared_ptr<Guests> m_guests; ///< Lives in the other I/O thread.
};

} // namespace Tidepool
