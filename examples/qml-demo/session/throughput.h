// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QElapsedTimer>
#include <QtCore/QList>
#include <QtCore/QObject>
#include <QtCore/QTimer>
#include <QtQml/qqmlregistration.h>

#include <functional>

namespace Dashboard {

/// The bytes that flow down (from the server) and up: totals, rates, and the rates of the last minute.
class Throughput : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("A session has one: use session.throughput.")
    Q_PROPERTY(double downRate READ downRate NOTIFY sampled)
    Q_PROPERTY(double upRate READ upRate NOTIFY sampled)
    Q_PROPERTY(double downTotal READ downTotal NOTIFY sampled)
    Q_PROPERTY(double upTotal READ upTotal NOTIFY sampled)
    Q_PROPERTY(QList<qreal> downRates READ downRates NOTIFY sampled)

public:
    /// The number of bytes since the start.
    struct Totals
    {
        qint64 down = 0;
        qint64 up = 0;
    };

    explicit Throughput(std::function<Totals()> source, QObject *parent = nullptr);

    [[nodiscard]] double downRate() const { return m_downRate; } ///< Bytes a second.
    [[nodiscard]] double upRate() const { return m_upRate; } ///< Bytes a second.
    [[nodiscard]] double downTotal() const { return static_cast<double>(m_last.down); } ///< Bytes.
    [[nodiscard]] double upTotal() const { return static_cast<double>(m_last.up); } ///< Bytes.
    /// Two values for each second of the last minute, oldest first.
    [[nodiscard]] QList<qreal> downRates() const { return m_downRates; }

    /// "1.2 MB"
    Q_INVOKABLE static QString bytesText(double bytes);

    /// Call this when the bytes come from another source.
    void startOver();

Q_SIGNALS:
    void sampled();

private:
    void sample();

    const std::function<Totals()> m_source;
    QTimer m_timer;
    QElapsedTimer m_clock;
    Totals m_last;
    double m_downRate = 0;
    double m_upRate = 0;
    QList<qreal> m_downRates;
};

} // namespace Dashboard
