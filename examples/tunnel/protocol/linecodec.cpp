// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "linecodec.h"

#include <QtCore/QJsonDocument>

namespace Tunnel {

bool LineSplitter::feed(QByteArrayView bytes, QList<QByteArray> &lines)
{
    while (!bytes.isEmpty()) {
        const qsizetype end = bytes.indexOf('\n');
        const QByteArrayView part = end < 0 ? bytes : bytes.first(end);
        if (m_rest.size() + part.size() > m_maximumLine)
            return false;
        m_rest.append(part);
        if (end < 0)
            return true;
        if (m_rest.endsWith('\r'))
            m_rest.chop(1);
        lines.append(std::exchange(m_rest, {}));
        bytes = bytes.sliced(end + 1);
    }
    return true;
}

QByteArray encodeLine(const QJsonObject &message)
{
    return QJsonDocument(message).toJson(QJsonDocument::Compact) + '\n';
}

std::optional<QJsonObject> decodeLine(const QByteArray &line, QString *error)
{
    QJsonParseError parseError;
    const QJsonDocument document = QJsonDocument::fromJson(line, &parseError);
    if (parseError.error != QJsonParseError::NoError) {
        *error = parseError.errorString();
        return std::nullopt;
    }
    if (!document.isObject()) {
        *error = QStringLiteral("not a JSON object");
        return std::nullopt;
    }
    return document.object();
}

} // namespace Tunnel
