// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "handshakethread.h"

#include "../io/iothread.h"

#include <unordered_map>
#include <utility>

namespace Tidepool {

namespace {
// For a task, which can be copied. Whoever runs it takes the connection out; with one that never runs, it ends.
using Parcel = std::shared_ptr<std::unique_ptr<InboundConnection>>;

Parcel pack(std::unique_ptr<InboundConnection> inbound)
{
    return std::make_shared<std::unique_ptr<InboundConnection>>(std::move(inbound));
}
} // namespace

// The connections that are in the other I/O thread. Used there only.
class HandshakeThread::Guests : public std::enable_shared_from_this<Guests>
{
public:
    Guests(const std::shared_ptr<IoThread> &ioThread, std::weak_ptr<IoThread> home,
           std::weak_ptr<HandshakeThread> owner)
        : m_ioThread(ioThread), m_home(std::move(home)), m_owner(std::move(owner))
    {}

    void begin(std::unique_ptr<InboundConnection> inbound)
    {
        InboundConnection *guest = inbound.get();
        m_inbound.emplace(guest, std::move(inbound));
        // It is over inside a signal of its socket, and moved by a task of its own.
        const auto sendBackSoon = [this, guest] {
            if (const auto ioThread = m_ioThread.lock())
                ioThread->post([guests = shared_from_this(), guest] { guests->sendBack(guest); });
        };
        QObject::connect(guest, &InboundConnection::finished, guest, sendBackSoon);
        QObject::connect(guest, &InboundConnection::failed, guest, sendBackSoon);
        guest->beginHandshake();
    }

    void drop(InboundConnection *guest) { m_inbound.erase(guest); }
    void dropAll() { m_inbound.clear(); }

private:
    void sendBack(InboundConnection *guest)
    {
        const auto found = m_inbound.find(guest);
        const auto home = m_home.lock();
        if (found == m_inbound.end() || !home)
            return; // it was dropped, or will be
        auto inbound = std::move(found->second);
        m_inbound.erase(found);
        inbound->moveTo(home->thread());
        home->post([owner = m_owner, parcel = pack(std::move(inbound))] {
            if (const auto alive = owner.lock())
                alive->arrive(std::move(*parcel));
        });
    }

    // Not held: its own tasks must not keep an I/O thread alive.
    const std::weak_ptr<IoThread> m_ioThread;
    const std::weak_ptr<IoThread> m_home;
    const std::weak_ptr<HandshakeThread> m_owner; // used in the pool's own I/O thread only
    std::unordered_map<InboundConnection *, std::unique_ptr<InboundConnection>> m_inbound;
};

HandshakeThread::HandshakeThread(std::shared_ptr<IoThread> ioThread, const std::shared_ptr<IoThread> &home,
                                 Return giveBack)
    : m_ioThread(std::move(ioThread)), m_home(home), m_giveBack(std::move(giveBack))
{}

HandshakeThread::~HandshakeThread()
{
    dropAll();
}

void HandshakeThread::begin(std::unique_ptr<InboundConnection> inbound)
{
    if (!m_guests)
        m_guests = std::make_shared<Guests>(m_ioThread, m_home, weak_from_this());
    m_underWay.insert(inbound.get());
    inbound->moveTo(m_ioThread->thread());
    m_ioThread->post([guests = m_guests, parcel = pack(std::move(inbound))] { guests->begin(std::move(*parcel)); });
}

void HandshakeThread::drop(InboundConnection *inbound)
{
    if (m_underWay.erase(inbound) > 0)
        m_ioThread->post([guests = m_guests, inbound] { guests->drop(inbound); });
}

void HandshakeThread::dropAll()
{
    if (std::exchange(m_underWay, {}).empty())
        return;
    m_ioThread->post([guests = m_guests] { guests->dropAll(); });
}

// One that was dropped on its way here ends here. No other can have its address meanwhile.
void HandshakeThread::arrive(std::unique_ptr<InboundConnection> inbound)
{
    if (m_underWay.erase(inbound.get()) > 0)
        m_giveBack(std::move(inbound));
}

} // namespace Tidepool
