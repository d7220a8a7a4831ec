// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <functional>
#include <memory>

namespace Tidepool {

/// Tells when a parked connection becomes readable or closes.
///
/// Each add() is good for one report; whoever goes on watching adds again. A report may still come after remove().
/// An entry carries a token and never only its descriptor, because descriptor numbers are reused: whoever gets a
/// report looks the token up and ignores one that is gone.
/// Make and stop it in the I/O thread, where the reports come too; add(), remove() and the destructor may run in any
/// thread.
class Watcher
{
public:
    /// What to look for.
    enum class For : quint8 {
        Readable, ///< Bytes, or the end.
        End, ///< Only the end: bytes are known to wait.
    };
    using Report = std::function<void(quint64 token)>;

    virtual ~Watcher() = default;
    Watcher() = default;
    Q_DISABLE_COPY_MOVE(Watcher)

    /// Watches, and returns the number of this watch.
    [[nodiscard]] virtual quint64 add(qintptr descriptor, quint64 token, For what) = 0;
    virtual void remove(qintptr descriptor, quint64 watch) = 0;
    /// Ends the reports.
    virtual void stop() = 0;
};

/// Runs a task later in the I/O thread, in the order of the calls. Any thread.
using PostToIoThread = std::function<void(std::function<void()>)>;

/// The best watcher of this platform, or the portable one when TIDEPOOL_PORTABLE is set.
[[nodiscard]] std::shared_ptr<Watcher> makeWatcher(PostToIoThread post, Watcher::Report report);

} // namespace Tidepool
