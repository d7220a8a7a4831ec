// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <atomic>
#include <mutex>

QT_FORWARD_DECLARE_CLASS(QObject)

namespace Tidepool {

/// Tells an object in another thread that something changed, at most once for each turn of its event loop.
///
/// The object gets a QEvent::User and calls received() before it looks. Thread-safe.
class Announcer
{
public:
    void attach(QObject *object);
    void detach();
    void announce();
    void received() { m_isPending.store(false); }

private:
    std::atomic<bool> m_isPending = false;
    std::mutex m_mutex;
    QObject *m_object = nullptr;
};

} // namespace Tidepool
