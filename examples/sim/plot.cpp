// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "plot.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace Sim {

namespace {

constexpr double width = 640;
constexpr double height = 400;
constexpr double left = 60;
constexpr double right = 24;
constexpr double top = 44;
constexpr double bottom = 48;

/// Converts values to positions in the picture.
struct Scale
{
    double mostParked;
    double leastWarm;

    [[nodiscard]] double x(const Outcome &outcome) const { return xOf(outcome.meanParked); }
    [[nodiscard]] double y(const Outcome &outcome) const { return yOf(outcome.warmShare); }
    [[nodiscard]] double xOf(double parked) const { return left + (width - left - right) * parked / mostParked; }
    [[nodiscard]] double yOf(double share) const
    {
        const double part = std::clamp((share - leastWarm) / (1 - leastWarm), 0.0, 1.0);
        return height - bottom - (height - top - bottom) * part;
    }
};

QString text(double x, double y, const QString &words, const char *anchor = "middle", const char *more = "")
{
    return u"<text x=\"%1\" y=\"%2\" text-anchor=\"%3\" %4>%5</text>\n"_s.arg(x, 0, 'f', 1)
        .arg(y, 0, 'f', 1)
        .arg(QLatin1String(anchor), QLatin1String(more), words.toHtmlEscaped());
}

QString line(double x1, double y1, double x2, double y2)
{
    return u"<line x1=\"%1\" y1=\"%2\" x2=\"%3\" y2=\"%4\"/>\n"_s.arg(x1, 0, 'f', 1)
        .arg(y1, 0, 'f', 1)
        .arg(x2, 0, 'f', 1)
        .arg(y2, 0, 'f', 1);
}

QString axes(const Scale &scale)
{
    QString result = u"<g stroke=\"#d0d7de\">\n"_s;
    QString labels;
    for (int i = 0; i <= 5; ++i) {
        const double share = scale.leastWarm + (1 - scale.leastWarm) * i / 5;
        result += line(left, scale.yOf(share), width - right, scale.yOf(share));
        labels += text(left - 8, scale.yOf(share) + 4, u"%1 %"_s.arg(share * 100, 0, 'f', 0), "end");
        const double parked = scale.mostParked * i / 5;
        result += line(scale.xOf(parked), top, scale.xOf(parked), height - bottom);
        labels += text(scale.xOf(parked), height - bottom + 18, QString::number(parked, 'f', 0));
    }
    return result + u"</g>\n"_s + labels + text((left + width - right) / 2, height - 10, u"parked connections, mean"_s);
}

} // namespace

QString plot(const QString &title, const QList<Row> &frontier, const QList<Row> &policies)
{
    Scale scale{10, 1};
    for (const QList<Row> *rows : {&frontier, &policies}) {
        for (const Row &row : *rows) {
            scale.mostParked = std::max(scale.mostParked, row.outcome.meanParked);
            scale.leastWarm = std::min(scale.leastWarm, row.outcome.warmShare);
        }
    }
    scale.mostParked = std::ceil(scale.mostParked / 10) * 10;
    scale.leastWarm = std::min(0.95, std::floor(scale.leastWarm * 20) / 20);

    QString points;
    for (const Row &row : frontier)
        points += u"%1,%2 "_s.arg(scale.x(row.outcome), 0, 'f', 1).arg(scale.y(row.outcome), 0, 'f', 1);
    QString result =
        u"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %1 %2\" font-family=\"sans-serif\" "
        "font-size=\"12\" fill=\"#24292f\">\n<rect width=\"%1\" height=\"%2\" fill=\"#ffffff\"/>\n"_s.arg(width)
            .arg(height);
    result += text(left, 24, title, "start", "font-size=\"15\"") + axes(scale);
    result +=
        u"<polyline fill=\"none\" stroke=\"#8c959f\" stroke-width=\"2\" points=\"%1\"/>\n"_s.arg(points.trimmed());
    const char *const colours[] = {"#0969da", "#bc4c00", "#1a7f37", "#8250df"};
    for (qsizetype i = 0; i < policies.size(); ++i) {
        const Row &row = policies[i];
        const double x = scale.x(row.outcome);
        const double y = scale.y(row.outcome);
        const bool isFarRight = x > width - 180;
        result += u"<circle cx=\"%1\" cy=\"%2\" r=\"5\" fill=\"%3\"/>\n"_s.arg(x, 0, 'f', 1)
                      .arg(y, 0, 'f', 1)
                      .arg(QLatin1String(colours[static_cast<size_t>(i) % std::size(colours)]));
        const QString words = u"%1: %2 %"_s.arg(row.name).arg(row.outcome.warmShare * 100, 0, 'f', 1);
        // Each label is one line lower than the previous one, so that close labels do not overlap.
        const double below = y + 16 + 15 * static_cast<double>(i);
        result += text(isFarRight ? x - 9 : x + 9, below, words, isFarRight ? "end" : "start");
    }
    const Row &last = frontier.constLast();
    result += text(scale.x(last.outcome), scale.y(last.outcome) - 8, u"static capacities"_s, "end", "fill=\"#57606a\"");
    return result + u"</svg>\n"_s;
}

} // namespace Sim
