// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "curve.h"

#include <QtGui/QPainter>

namespace Dashboard {

Curve::Curve(QQuickItem *parent) : QQuickPaintedItem(parent)
{
    setAntialiasing(true);
}

void Curve::setValues(const QList<qreal> &values)
{
    if (values == m_values)
        return;
    m_values = values;
    update();
    emit valuesChanged();
}

void Curve::setAges(const QList<qreal> &ages)
{
    if (ages == m_ages)
        return;
    m_ages = ages;
    update();
    emit agesChanged();
}

void Curve::setColour(const QColor &colour)
{
    if (colour == m_colour)
        return;
    m_colour = colour;
    update();
    emit colourChanged();
}

QPolygonF Curve::line() const
{
    // Keeps the line inside the item, including half of the line's width.
    const qreal margin = m_lineWidth / 2;
    const qreal right = width() - margin;
    const qreal bottom = height() - margin;
    const qreal unit = width() / (m_ages.isEmpty() ? m_span - 1 : m_span);
    const qsizetype count = m_values.size();
    QPolygonF points;
    points.reserve(m_steps ? 2 * count : count);
    for (qsizetype i = 0; i < count; ++i) {
        const qreal age = i < m_ages.size() ? m_ages.at(i) : static_cast<qreal>(count - 1 - i);
        const QPointF point(right - age * unit, bottom - m_values.at(i) / m_peak * (height() - m_lineWidth));
        if (m_steps && !points.isEmpty())
            points.append(QPointF(point.x(), points.constLast().y()));
        points.append(point);
    }
    return points;
}

void Curve::paint(QPainter *painter)
{
    if (m_values.size() < 2 || m_peak <= 0 || m_span <= 1)
        return;
    const QPolygonF points = line();
    if (m_surface.alpha() > 0) {
        QPolygonF area = points;
        area.append(QPointF(points.constLast().x(), height()));
        area.append(QPointF(points.constFirst().x(), height()));
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_surface);
        painter->drawPolygon(area);
    }
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(m_colour, m_lineWidth, Qt::SolidLine, Qt::RoundCap, Qt::BevelJoin));
    painter->drawPolyline(points);
}

} // namespace Dashboard
