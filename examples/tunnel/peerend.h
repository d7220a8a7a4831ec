// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QtGlobal>

namespace Tunnel {

/// Finds out how a TCP connection ended. Qt treats a reset like a normal end.
class PeerEnd
{
public:
    /// Duplicates @p descriptor, because Qt closes its own descriptor before it reports an end.
    explicit PeerEnd(qintptr descriptor);
    ~PeerEnd();
    Q_DISABLE_COPY_MOVE(PeerEnd)

    /// Call this in the slot that Qt calls when the peer has ended. Returns true if the end was normal and all bytes of
    /// the peer have arrived. Returns false on systems that cannot tell (Windows).
    [[nodiscard]] bool isOrderly() const;

private:
    int m_descriptor = -1;
};

} // namespace Tunnel
