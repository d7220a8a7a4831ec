// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QList>
#include <QtGui/QColor>
#include <QtGui/QPolygonF>
#include <QtQuick/QQuickPaintedItem>

namespace Dashboard {

/// The history of one metric, without axes. New values appear at the right.
///
/// Painted in C++, because that takes a tenth of the time of QML's Canvas and works with every renderer. QML's Shapes
/// do not work with every renderer in Qt 6.4.
class Curve : public QQuickPaintedItem
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QList<qreal> values READ values WRITE setValues NOTIFY valuesChanged)
    Q_PROPERTY(QList<qreal> ages READ ages WRITE setAges NOTIFY agesChanged)
    Q_PROPERTY(qreal span READ span WRITE setSpan NOTIFY styleChanged)
    Q_PROPERTY(qreal peak READ peak WRITE setPeak NOTIFY styleChanged)
    Q_PROPERTY(QColor colour READ colour WRITE setColour NOTIFY colourChanged)
    Q_PROPERTY(QColor surface READ surface WRITE setSurface NOTIFY styleChanged)
    Q_PROPERTY(qreal lineWidth READ lineWidth WRITE setLineWidth NOTIFY styleChanged)
    Q_PROPERTY(bool steps READ hasSteps WRITE setSteps NOTIFY styleChanged)

public:
    explicit Curve(QQuickItem *parent = nullptr);

    /// The values, oldest first.
    [[nodiscard]] QList<qreal> values() const { return m_values; }
    void setValues(const QList<qreal> &values);
    /// The age of each value, in the unit of span. Empty (default): each value is 1 older than the next one.
    [[nodiscard]] QList<qreal> ages() const { return m_ages; }
    void setAges(const QList<qreal> &ages);
    /// The range of ages that the width shows. Default: 120.
    [[nodiscard]] qreal span() const { return m_span; }
    void setSpan(qreal span) { assign(m_span, span); }
    /// The value at the full height. Default: 1.
    [[nodiscard]] qreal peak() const { return m_peak; }
    void setPeak(qreal peak) { assign(m_peak, peak); }
    [[nodiscard]] QColor colour() const { return m_colour; }
    void setColour(const QColor &colour);
    /// The colour of the area below the line. Default: transparent.
    [[nodiscard]] QColor surface() const { return m_surface; }
    void setSurface(const QColor &colour) { assign(m_surface, colour); }
    /// Default: 1.5.
    [[nodiscard]] qreal lineWidth() const { return m_lineWidth; }
    void setLineWidth(qreal width) { assign(m_lineWidth, width); }
    /// True: a value stays constant until the next one. False (default): the values are connected by straight lines.
    [[nodiscard]] bool hasSteps() const { return m_steps; }
    void setSteps(bool steps) { assign(m_steps, steps); }

    void paint(QPainter *painter) override;

Q_SIGNALS:
    void valuesChanged();
    void agesChanged();
    void colourChanged();
    void styleChanged();

private:
    template <typename Value>
    void assign(Value &member, const Value &value)
    {
        if (member == value)
            return;
        member = value;
        update();
        emit styleChanged();
    }
    [[nodiscard]] QPolygonF line() const;

    QList<qreal> m_values;
    QList<qreal> m_ages;
    qreal m_span = 120;
    qreal m_peak = 1;
    QColor m_colour = Qt::black;
    QColor m_surface = Qt::transparent;
    qreal m_lineWidth = 1.5;
    bool m_steps = false;
};

} // namespace Dashboard
