// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>

#include <optional>

namespace Tunnel {

/// Splits a stream of bytes into lines. Pure: no socket.
class LineSplitter
{
public:
    explicit LineSplitter(qsizetype maximumLine) : m_maximumLine(maximumLine) {}

    /// Changes the maximum length of later lines.
    void setMaximumLine(qsizetype bytes) { m_maximumLine = bytes; }

    /// Adds @p bytes and appends the completed lines, without their ends ("\n" or "\r\n"). Returns false if a line is
    /// longer than allowed. The splitter must not be used after that.
    [[nodiscard]] bool feed(QByteArrayView bytes, QList<QByteArray> &lines);

    /// True if the last line has no end yet.
    [[nodiscard]] bool hasRest() const { return !m_rest.isEmpty(); }

private:
    qsizetype m_maximumLine;
    QByteArray m_rest;
};

/// One message as a line, including its end.
[[nodiscard]] QByteArray encodeLine(const QJsonObject &message);
/// The message on a line. If the line is not one JSON object, returns std::nullopt and sets @p error to the reason.
[[nodiscard]] std::optional<QJsonObject> decodeLine(const QByteArray &line, QString *error);

} // namespace Tunnel
