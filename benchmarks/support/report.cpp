// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "report.h"

#include <QtCore/QJsonObject>
#include <QtCore/QLocale>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace Bench {

namespace {

constexpr size_t columnCount = 7;
using Cells = std::array<QString, columnCount>;

// Three significant digits, and no fraction from 100 on.
QString shortNumber(double value)
{
    const double size = std::abs(value);
    const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    return QLocale(QLocale::English).toString(value, 'f', decimals);
}

QString goalText(const Row &row)
{
    if (!row.hasGoal())
        return {};
    const QString sign = row.better == Better::Lower ? QStringLiteral("<= ") : QStringLiteral(">= ");
    QStringList parts;
    if (row.goal.ratio)
        parts += sign + QString::number(*row.goal.ratio, 'f', 2) + QLatin1Char('x');
    if (row.goal.value)
        parts += sign + shortNumber(*row.goal.value) + QLatin1Char(' ') + row.unit;
    return parts.join(QStringLiteral(", ")) + (row.meetsGoal() ? QStringLiteral("  met") : QStringLiteral("  MISSED"));
}

Cells cellsOf(const Row &row)
{
    const auto ratio = row.ratio();
    return {row.what,
            row.metric,
            shortNumber(row.value) + QLatin1Char(' ') + row.unit,
            row.referenceValue ? shortNumber(*row.referenceValue) + QLatin1Char(' ') + row.unit : QStringLiteral("-"),
            row.reference,
            ratio ? QString::number(*ratio, 'f', 2) + QLatin1Char('x') : QStringLiteral("-"),
            goalText(row)};
}

QJsonObject objectOf(const QString &scenario, const Row &row)
{
    const auto ratio = row.ratio();
    return {
        {QStringLiteral("scenario"), scenario},
        {QStringLiteral("case"), row.what},
        {QStringLiteral("metric"), row.metric},
        {QStringLiteral("unit"), row.unit},
        {QStringLiteral("value"), row.value},
        {QStringLiteral("reference"), row.reference},
        {QStringLiteral("reference_value"), row.referenceValue ? QJsonValue(*row.referenceValue) : QJsonValue()},
        {QStringLiteral("ratio"), ratio ? QJsonValue(*ratio) : QJsonValue()},
        {QStringLiteral("better"), row.better == Better::Lower ? QStringLiteral("lower") : QStringLiteral("higher")}};
}

bool reaches(double result, double goal, Better better)
{
    return better == Better::Lower ? result <= goal : result >= goal;
}

void printTable(const std::vector<Cells> &lines)
{
    std::array<qsizetype, columnCount> widths{};
    for (const Cells &line : lines) {
        for (size_t column = 0; column < columnCount; ++column)
            widths[column] = std::max(widths[column], line[column].size());
    }
    constexpr std::array<bool, columnCount> isNumber{false, false, true, true, false, true, false};
    for (const Cells &line : lines) {
        QString text = QStringLiteral(" ");
        for (size_t column = 0; column < columnCount; ++column)
            text += QLatin1Char(' ')
                + (isNumber[column] ? line[column].rightJustified(widths[column])
                                    : line[column].leftJustified(widths[column]))
                + QLatin1Char(' ');
        while (text.endsWith(QLatin1Char(' ')))
            text.chop(1);
        print(text);
    }
}

} // namespace

QString grouped(qint64 number)
{
    return QLocale(QLocale::English).toString(number);
}

void print(const QString &text)
{
    std::puts(text.toUtf8().constData());
    std::fflush(stdout);
}

std::optional<double> Row::ratio() const
{
    if (!referenceValue || *referenceValue <= 0)
        return std::nullopt;
    return value / *referenceValue;
}

bool Row::meetsGoal() const
{
    const auto ratioNow = ratio();
    if (goal.ratio && !(ratioNow && reaches(*ratioNow, *goal.ratio, better)))
        return false;
    return !goal.value || reaches(value, *goal.value, better);
}

void Report::beginScenario(const QString &name, const QString &headline)
{
    m_scenario = name;
    m_rows.clear();
    m_notes.clear();
    print(QStringLiteral("%1: %2").arg(name, headline));
}

void Report::add(Row row)
{
    m_json.append(objectOf(m_scenario, row));
    // Without its reference a result has nothing to be measured by.
    if (row.hasGoal() && (row.referenceValue || !row.goal.ratio)) {
        ++m_goals;
        m_goalsMet += row.meetsGoal() ? 1 : 0;
    } else {
        row.goal = {};
    }
    m_rows.push_back(std::move(row));
}

void Report::note(const QString &sentence)
{
    m_notes.append(sentence);
}

void Report::endScenario()
{
    std::vector<Cells> lines{{QStringLiteral("case"), QStringLiteral("metric"), QStringLiteral("Tidepool"),
                              QStringLiteral("reference"), QStringLiteral("which is"), QStringLiteral("ratio"),
                              QStringLiteral("goal")}};
    for (const Row &row : m_rows)
        lines.push_back(cellsOf(row));
    if (!m_rows.empty())
        printTable(lines);
    for (const QString &sentence : std::as_const(m_notes))
        print(QStringLiteral("  Note: ") + sentence);
    print({});
}

QString Report::summary() const
{
    return QStringLiteral("%1 of %2 goals were met.").arg(m_goalsMet).arg(m_goals);
}

} // namespace Bench
