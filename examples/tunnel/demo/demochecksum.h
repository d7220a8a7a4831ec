// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>

#include <array>
#include <memory>

namespace Tunnel {

/// SHA-256, by OpenSSL: it uses the processor's instructions for it, which Qt 6.4 does not, and is ten times as fast.
class Checksum
{
public:
    Checksum();
    ~Checksum();

    void add(QByteArrayView bytes);
    /// Once, at the end.
    [[nodiscard]] QByteArray result();

private:
    struct Free
    {
        void operator()(void *context) const;
    };
    std::unique_ptr<void, Free> m_context;
};

/// What the demo sends: random bytes, in a few variants, so that a mix-up of two connections shows. Any thread.
class DemoData
{
public:
    static constexpr int variants = 8;

    explicit DemoData(qint64 length);

    [[nodiscard]] qint64 length() const { return m_length; }
    /// Some of the bytes of @p variant from @p position on, at least one.
    [[nodiscard]] QByteArrayView at(int variant, qint64 position) const;
    /// Of all @p length bytes of the variant.
    [[nodiscard]] const QByteArray &checksum(int variant) const { return m_checksums.at(static_cast<size_t>(variant)); }

private:
    qint64 m_length;
    QByteArray m_block;
    std::array<QByteArray, variants> m_checksums;
};

} // namespace Tunnel
