// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <functional>
#include <memory>

namespace Tidepool {

/// The context object of a takeInto(): its thread is where the socket goes. The context may be destroyed at any time.
/// Thread-safe.
class TakeContext
{
public:
    /// @p context must live during the call. nullptr counts as gone.
    explicit TakeContext(QObject *context);
    ~TakeContext();
    Q_DISABLE_COPY_MOVE(TakeContext)

    /// Calls @p use with the context's thread; the context is not destroyed meanwhile. False if it has gone, or its
    /// thread has ended.
    bool withThread(const std::function<void(QThread *)> &use) const;
    [[nodiscard]] bool isGone() const;
    /// Calls @p task when the context goes, in the thread that destroys it, or its thread ends, in that; at once if it
    /// has gone.
    void whenGone(std::function<void()> task);

private:
    struct State;
    std::shared_ptr<State> m_state;
    QMetaObject::Connection m_connection;
    QMetaObject::Connection m_threadConnection;
};

} // namespace Tidepool
