// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "sharedcontext.h"

#include <QtCore/QThread>
#include <QtNetwork/private/qsslsocket_p.h>

namespace Tidepool {

void SharedTlsContext::applyTo(QSslSocket &socket)
{
    const MutexLocker lock(m_mutex);
    if (const auto found = m_contexts.find(QThread::currentThread()); found != m_contexts.end())
        QSslSocketPrivate::checkSettingSslContext(&socket, found->second);
}

void SharedTlsContext::captureFrom(QSslSocket &socket)
{
    const MutexLocker lock(m_mutex);
    auto &context = m_contexts[QThread::currentThread()];
    if (!context)
        context = QSslSocketPrivate::sslContext(&socket);
}

} // namespace Tidepool
