// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "announcer.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>

namespace Tidepool {

void Announcer::attach(QObject *object)
{
    const std::scoped_lock lock(m_mutex);
    m_object = object;
}

void Announcer::detach()
{
    attach(nullptr);
}

void Announcer::announce()
{
    if (m_isPending.exchange(true))
        return;
    // The mutex keeps the object from vanishing while the event is posted.
    const std::scoped_lock lock(m_mutex);
    if (m_object)
        QCoreApplication::postEvent(m_object, new QEvent(QEvent::User));
}

} // namespace Tidepool
