// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "changenotifier.h"

#include "iothreadmailbox.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>

namespace Tidepool {

void ChangeNotifier::attach(QObject *object)
{
    const MutexLocker lock(m_mutex);
    m_object = object;
}

void ChangeNotifier::detach()
{
    attach(nullptr);
}

// Either this call sees that the frame is over, or endFrame() sees that there is a change to read. A flag that is set
// stays set until the object reads the changes, so a series of takers need not write the flag again.
void ChangeNotifier::notifyInFrame()
{
    if (!m_isDirty)
        m_isDirty = true;
    if (!m_isInFrame)
        notify();
}

void ChangeNotifier::received()
{
    m_isPending = false;
    m_isInFrame = true;
    m_isDirty = false;
}

bool ChangeNotifier::endFrame()
{
    m_isInFrame = false;
    if (!m_isDirty.exchange(false))
        return false;
    m_isInFrame = true;
    return true;
}

void ChangeNotifier::notifyAnew()
{
    m_isPending = false;
    notify();
}

void ChangeNotifier::notify()
{
    if (!IoThreadMailbox::areEventsDelivered || m_isPending.exchange(true))
        return;
    // The mutex prevents the destruction of the object while the event is posted.
    const MutexLocker lock(m_mutex);
    if (m_object)
        QCoreApplication::postEvent(m_object, new QEvent(QEvent::User));
}

} // namespace Tidepool
