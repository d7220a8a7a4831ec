// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "relayend.h"

#include <QtCore/QThread>

namespace Tidepool {

void RelayEnd::moveTo(QThread *thread)
{
    QTcpSocket *own = socket();
    if (!own || own->thread() == thread)
        return;
    own->disconnect(); // whoever listened is in the old thread
    own->setParent(nullptr);
    own->moveToThread(thread);
}

void RelayEnd::close()
{
    if (m_socket) {
        m_socket->disconnect();
        m_socket->abort();
        m_socket.release()->deleteLater(); // this may be one of its signals
    }
    m_connection.close();
}

} // namespace Tidepool
