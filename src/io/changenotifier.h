// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "mutex.h"

#include <QtCore/qglobal.h>

#include <atomic>

QT_FORWARD_DECLARE_CLASS(QObject)

namespace Tidepool {

/// Notifies an object in another thread of a change, at most once in each turn of the object's event loop.
///
/// The object receives a QEvent::User, calls received() and reads the changes. After the frame time, the object calls
/// endFrame(). Thread-safe.
class ChangeNotifier
{
public:
    void attach(QObject *object);
    void detach();
    /// Sends a notification. Has no effect without a QCoreApplication: see IoThreadMailbox::areEventsDelivered.
    void notify();
    /// Sends a notification under a new application object, because an event of the previous one can be lost.
    void notifyAnew();
    /// Sends a notification. If a frame is in progress, the notification waits for the end of the frame.
    void notifyInFrame();
    /// Starts a frame.
    void received();
    /// True if the object must read the changes again, in a new frame.
    [[nodiscard]] bool endFrame();

private:
    std::atomic<bool> m_isPending = false;
    std::atomic<bool> m_isInFrame = false;
    std::atomic<bool> m_isDirty = false;
    Mutex m_mutex;
    QObject *m_object TIDEPOOL_GUARDED_BY(m_mutex) = nullptr;
};

} // namespace Tidepool
