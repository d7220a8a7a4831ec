// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>

#include <optional>

namespace Tunnel {

/// Cuts a stream of bytes into lines. Pure: no socket.
class LineSplitter
{
public:
    explicit LineSplitter(qsizetype maximumLine) : m_maximumLine(maximumLine) {}

    /// Changes the limit for the lines to come.
    void setMaximumLine(qsizetype bytes) { m_maximumLine = bytes; }

    /// Takes @p bytes in and appends the lines they complete, without their ends ("\n" or "\r\n"). False if a
    /// line is longer than allowed; the splitter is of no use from then on.
    [[nodiscard]] bool feed(QByteArrayView bytes, QList<QByteArray> &lines);

    /// The last line has no end yet.
    [[nodiscard]] bool hasRest() const { return !m_rest.isEmpty(); }

private:
    qsizetype m_maximumLine;
    QByteArray m_rest;
};

/// One message as a line, its end included.
[[nodiscard]] QByteArray encodeLine(const QJsonObject &message);
/// The message on a line; std::nullopt, and why in @p error, if it is not one JSON object.
[[nodiscard]] std::optional<QJsonObject> decodeLine(const QByteArray &line, QString *error);

} // namespace Tunnel
