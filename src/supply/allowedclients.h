// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QStringList>
#include <QtNetwork/QHostAddress>

#include <optional>
#include <utility>
#include <vector>

namespace Tidepool {

/// The addresses and networks a server lets in.
class AllowedClients
{
public:
    AllowedClients() = default;

    /// std::nullopt if an entry is neither an address nor a CIDR network; @p bad then names it.
    static std::optional<AllowedClients> parse(const QStringList &entries, QString *bad);

    /// True if @p address is in the list, or the list is empty.
    [[nodiscard]] bool admits(const QHostAddress &address) const;

    friend bool operator==(const AllowedClients &, const AllowedClients &) = default;

private:
    std::vector<std::pair<QHostAddress, int>> m_networks;
};

} // namespace Tidepool
