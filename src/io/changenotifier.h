// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "mutex.h"

#include <QtCore/qglobal.h>

#include <atomic>

QT_FORWARD_DECLARE_CLASS(QObject)

namespace Tidepool {

/// Tells an object in another thread that something changed, at most once for each turn of its event loop.
///
/// The object gets a QEvent::User, calls received() and looks; a frame later it calls endFrame(). Thread-safe.
class ChangeNotifier
{
public:
    void attach(QObject *object);
    void detach();
    /// Not without a QCoreApplication: see IoThreadMailbox::areEventsDelivered.
    void notify();
    /// The same under the next application: an event posted under the last one may have been dropped.
    void notifyAnew();
    /// The same, but leaves it to the end of the frame if one runs.
    void notifyInFrame();
    /// Begins a frame.
    void received();
    /// True if the object has to look again, in a new frame.
    [[nodiscard]] bool endFrame();

private:
    std::atomic<bool> m_isPending = false;
    std::atomic<bool> m_isInFrame = false;
    std::atomic<bool> m_isDirty = false;
    Mutex m_mutex;
    QObject *m_object TIDEPOOL_GUARDED_BY(m_mutex) = nullptr;
};

} // namespace Tidepool
