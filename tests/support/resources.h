// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QtGlobal>

#include <chrono>
#include <vector>

namespace TestSupport {

/// Descriptors this process has open; -1 where that cannot be told.
[[nodiscard]] int openDescriptors();

/// Threads of this process; -1 where that cannot be told.
[[nodiscard]] int runningThreads();
/// Those named @p name.
[[nodiscard]] int runningThreads(const QByteArray &name);

/// How long each of those has computed so far, the one that was made first in front. Linux only.
[[nodiscard]] std::vector<std::chrono::nanoseconds> threadTimes(const QByteArray &name);

/// How long the calling thread has computed so far. Unlike a clock's time, that does not grow while a busy machine lets
/// the thread wait.
[[nodiscard]] std::chrono::nanoseconds threadTime();

/// While it lives, this process gets no new descriptor: every attempt ends in EMFILE.
class DescriptorExhaustion
{
public:
    DescriptorExhaustion();
    ~DescriptorExhaustion();
    Q_DISABLE_COPY_MOVE(DescriptorExhaustion)

    /// Did the system go along?
    [[nodiscard]] bool isActive() const { return m_active; }

private:
    quint64 m_before = 0;
    bool m_active = false;
};

} // namespace TestSupport
