// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "sharedcontext.h"

#include <QtNetwork/private/qsslsocket_p.h>

namespace Tidepool {

void SharedTlsContext::applyTo(QSslSocket &socket) const
{
    if (m_context)
        QSslSocketPrivate::checkSettingSslContext(&socket, m_context);
}

void SharedTlsContext::captureFrom(QSslSocket &socket)
{
    if (!m_context)
        m_context = QSslSocketPrivate::sslContext(&socket);
}

} // namespace Tidepool
