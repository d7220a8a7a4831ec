// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QtGlobal>

namespace TestSupport {

/// Descriptors this process has open; -1 where that cannot be told.
[[nodiscard]] int openDescriptors();

/// Threads of this process; -1 where that cannot be told.
[[nodiscard]] int runningThreads();
/// Those named @p name.
[[nodiscard]] int runningThreads(const QByteArray &name);

/// While it lives, this process gets no new descriptor: every attempt ends in EMFILE.
class DescriptorFamine
{
public:
    DescriptorFamine();
    ~DescriptorFamine();
    Q_DISABLE_COPY_MOVE(DescriptorFamine)

    /// Did the system go along?
    [[nodiscard]] bool isActive() const { return m_active; }

private:
    quint64 m_before = 0;
    bool m_active = false;
};

} // namespace TestSupport
