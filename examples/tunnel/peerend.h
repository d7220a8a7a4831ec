// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QtGlobal>

namespace Tunnel {

/// Tells in which way a TCP connection ended. To Qt a reset is an end like any other.
class PeerEnd
{
public:
    /// Keeps a descriptor of its own beside @p descriptor, which Qt closes before it tells of an end.
    explicit PeerEnd(qintptr descriptor);
    ~PeerEnd();
    Q_DISABLE_COPY_MOVE(PeerEnd)

    /// To be asked in the moment in which Qt tells that the peer has ended: nothing broke, so all that it ever sent has
    /// come. False on systems where this cannot be told (Windows).
    [[nodiscard]] bool isOrderly() const;

private:
    int m_descriptor = -1;
};

} // namespace Tunnel
