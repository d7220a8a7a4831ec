// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <functional>
#include <memory>

namespace Tidepool {

/// Reports when a parked connection becomes readable or closes.
///
/// Each add() allows one report. To continue watching, call add() again. A report can still arrive after remove().
/// Descriptor numbers are reused, so each entry also carries a token. The receiver of a report looks up the token and
/// ignores a token that does not exist any more. Construct and stop a watcher in the I/O thread, which also receives
/// the reports. add(), remove() and the destructor can run in any thread.
class Watcher
{
public:
    /// What to watch for.
    enum class For : quint8 {
        Readable, ///< Bytes, or the end of the stream.
        End, ///< Only the end of the stream, because unread bytes are known.
    };
    using Report = std::function<void(quint64 token)>;

    virtual ~Watcher() = default;
    Watcher() = default;
    Q_DISABLE_COPY_MOVE(Watcher)

    /// Starts a watch and returns its number.
    [[nodiscard]] virtual quint64 add(qintptr descriptor, quint64 token, For what) = 0;
    virtual void remove(qintptr descriptor, quint64 watch) = 0;
    /// Stops all reports.
    virtual void stop() = 0;
};

/// Runs a task later in the I/O thread, in the order of the calls. Any thread.
using PostToIoThread = std::function<void(std::function<void()>)>;

/// The best watcher of this platform, or the portable one when TIDEPOOL_PORTABLE is set.
[[nodiscard]] std::shared_ptr<Watcher> makeWatcher(PostToIoThread post, Watcher::Report report);

} // namespace Tidepool
