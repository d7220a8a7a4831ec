// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "blockingsocket.h"

namespace Bench {

/// A network of its own for child processes, with a loopback device and one TUN device.
///
/// It has no name, so nothing has to be removed: it goes with the object and the last process in it, also if this
/// program is killed. Needs root and /dev/net/tun; throws BenchmarkError.
class NetworkNamespace
{
public:
    /// @p address is that of the TUN device, with a netmask of 24 bits.
    explicit NetworkNamespace(const char *address);

    /// For setns().
    [[nodiscard]] int number() const { return m_namespace.number(); }
    /// What is written here arrives in the namespace, and what leaves the namespace is read here: one IP packet each.
    [[nodiscard]] int device() const { return m_device.number(); }

private:
    void make(const char *address);

    Descriptor m_namespace;
    Descriptor m_device;
};

} // namespace Bench
