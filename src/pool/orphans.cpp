// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "orphans.h"

#include "../idle/liveness.h"
#include "lease.h"

#include <QtCore/QThreadStorage>
#include <QtNetwork/QSslSocket>

#include <utility>

namespace Tidepool {

// Ends with the thread, while Qt still knows it.
class Orphans::Holder
{
public:
    Holder() = default;
    ~Holder()
    {
        {
            const std::scoped_lock lock(orphans->m_mutex);
            orphans->m_isThreadOver = true;
        }
        orphans->close();
    }
    Q_DISABLE_COPY_MOVE(Holder)

    const std::shared_ptr<Orphans> orphans = std::make_shared<Orphans>();
};

std::shared_ptr<Orphans> Orphans::ofThisThread()
{
    // Not thread_local: that ends after the QThread, which may have been destroyed by then. Never destroyed itself,
    // because threads may outlive main().
    static auto &holders = *new QThreadStorage<Holder *>;
    if (!holders.hasLocalData())
        holders.setLocalData(new Holder);
    return holders.localData()->orphans;
}

// Nobody uses the socket any more, or it would have a handle; so it may be looked at from here.
void Orphans::add(QSslSocket *socket)
{
    const std::scoped_lock lock(m_mutex);
    if (m_isThreadOver) {
        delete socket; // Qt allows it for objects of a thread that has ended
        return;
    }
    if (!hasUnsentBytes(*socket))
        hangUp(nativeDescriptor(*socket));
    m_sockets.push_back(socket);
}

void Orphans::close()
{
    for (QSslSocket *socket : takeAll())
        closeGently(socket);
}

std::vector<QSslSocket *> Orphans::takeAll()
{
    const std::scoped_lock lock(m_mutex);
    return std::exchange(m_sockets, {});
}

} // namespace Tidepool
