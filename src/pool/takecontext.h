// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <functional>
#include <memory>

namespace Tidepool {

/// The context object of a takeInto(). The socket moves to the thread of the context. The context can be destroyed at
/// any time. Thread-safe.
class TakeContext
{
public:
    /// @p context must exist during the call. nullptr counts as a destroyed context.
    explicit TakeContext(QObject *context);
    ~TakeContext();
    Q_DISABLE_COPY_MOVE(TakeContext)

    /// Calls @p use with the context's thread. The context is not destroyed during the call. Returns false if the
    /// context has been destroyed, or if its thread has ended.
    bool withThread(const std::function<void(QThread *)> &use) const;
    [[nodiscard]] bool isGone() const;
    /// Calls @p task when the context is destroyed, in the thread that destroys it, or when its thread ends, in that
    /// thread. Calls @p task at once if the context has already been destroyed.
    void whenGone(std::function<void()> task);

private:
    struct State;
    std::shared_ptr<State> m_state;
    QMetaObject::Connection m_connection;
    QMetaObject::Connection m_threadConnection;
};

} // namespace Tidepool
