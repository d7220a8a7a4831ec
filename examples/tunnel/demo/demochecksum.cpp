// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "demochecksum.h"

#include <QtCore/QRandomGenerator>

#include <openssl/evp.h>

#include <algorithm>

namespace Tunnel {

namespace {

constexpr qsizetype blockSize = qsizetype(1024) * 1024;
constexpr qint64 bytesAtOnce = qint64(64) * 1024;
// The distance between the starts of two variants in the block. It is odd, so that no two variants are equal in any
// alignment.
constexpr qint64 stride = 131'071;

EVP_MD_CTX *asContext(void *context)
{
    return static_cast<EVP_MD_CTX *>(context);
}

} // namespace

void Checksum::Free::operator()(void *context) const
{
    EVP_MD_CTX_free(asContext(context));
}

Checksum::Checksum() : m_context(EVP_MD_CTX_new())
{
    EVP_DigestInit_ex(asContext(m_context.get()), EVP_sha256(), nullptr);
}

Checksum::~Checksum() = default;

void Checksum::add(QByteArrayView bytes)
{
    EVP_DigestUpdate(asContext(m_context.get()), bytes.data(), static_cast<size_t>(bytes.size()));
}

QByteArray Checksum::result()
{
    QByteArray digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    EVP_DigestFinal_ex(asContext(m_context.get()), reinterpret_cast<unsigned char *>(digest.data()), &size);
    digest.truncate(static_cast<qsizetype>(size));
    return digest;
}

DemoData::DemoData(qint64 length) : m_length(length), m_block(blockSize, Qt::Uninitialized)
{
    QRandomGenerator::global()->fillRange(reinterpret_cast<quint32 *>(m_block.data()),
                                          blockSize / qsizetype(sizeof(quint32)));
    for (int variant = 0; variant < variants; ++variant) {
        Checksum checksum;
        for (qint64 position = 0; position < length;) {
            const QByteArrayView part = at(variant, position);
            checksum.add(part);
            position += part.size();
        }
        m_checksums.at(static_cast<size_t>(variant)) = checksum.result();
    }
}

QByteArrayView DemoData::at(int variant, qint64 position) const
{
    const qint64 start = (position + variant * stride) % blockSize;
    const qint64 size = std::min({bytesAtOnce, blockSize - start, m_length - position});
    return QByteArrayView(m_block).sliced(start, size);
}

} // namespace Tunnel
