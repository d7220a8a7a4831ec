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

// Either this sees that the frame is over, or endFrame() sees that there is something to look at. A flag that is set
// stays so until somebody looks, so many takers in a row need not write it.
void Announcer::announceInFrame()
{
    if (!m_isDirty)
        m_isDirty = true;
    if (!m_isInFrame)
        announce();
}

void Announcer::received()
{
    m_isPending = false;
    m_isInFrame = true;
    m_isDirty = false;
}

bool Announcer::endFrame()
{
    m_isInFrame = false;
    if (!m_isDirty.exchange(false))
        return false;
    m_isInFrame = true;
    return true;
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
