// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>

#include <array>
#include <memory>

namespace Tunnel {

/// SHA-256, by OpenSSL. OpenSSL uses the processor's SHA instructions, which Qt 6.4 does not use, and is ten times as
/// fast.
class Checksum
{
public:
    Checksum();
    ~Checksum();

    void add(QByteArrayView bytes);
    /// Call this once, at the end.
    [[nodiscard]] QByteArray result();

private:
    struct Free
    {
        void operator()(void *context) const;
    };
    std::unique_ptr<void, Free> m_context;
};

/// The data of the demo: random bytes, in a few variants, so that mixed-up connections are detected. Any thread.
class DemoData
{
public:
    static constexpr int variants = 8;

    explicit DemoData(qint64 length);

    [[nodiscard]] qint64 length() const { return m_length; }
    /// Returns at least one of the bytes of @p variant from @p position on.
    [[nodiscard]] QByteArrayView at(int variant, qint64 position) const;
    /// The checksum of all @p length bytes of the variant.
    [[nodiscard]] const QByteArray &checksum(int variant) const { return m_checksums.at(static_cast<size_t>(variant)); }

private:
    qint64 m_length;
    QByteArray m_block;
    std::array<QByteArray, variants> m_checksums;
};

} // namespace Tunnel
