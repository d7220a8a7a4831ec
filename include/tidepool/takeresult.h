// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/connection.h>
#include <tidepool/poolerror.h>

namespace Tidepool {

/// The result of a take: a Connection or a PoolError.
class TIDEPOOL_EXPORT TakeResult
{
public:
    /// A failure without a reason. Exists only because QFuture needs a default constructor.
    TakeResult() = default;
    TakeResult(Connection connection) : m_connection(std::move(connection)) {} // NOLINT(google-explicit-constructor)
    TakeResult(PoolError error) : m_error(std::move(error)) {} // NOLINT(google-explicit-constructor)

    /// True if the result is a connection.
    explicit operator bool() const { return !m_error && m_connection.isValid(); }
    [[nodiscard]] Connection connection() const { return m_connection; }
    [[nodiscard]] PoolError error() const { return m_error; }

private:
    Connection m_connection;
    PoolError m_error;
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::TakeResult)
