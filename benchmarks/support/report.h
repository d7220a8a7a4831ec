// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QJsonArray>
#include <QtCore/QString>

#include <optional>
#include <vector>

namespace Bench {

enum class Better : quint8 { Lower, Higher };

/// What a result should reach. Only shown in the table.
struct Goal
{
    std::optional<double> ratio; ///< Of value to reference.
    std::optional<double> value; ///< In the row's unit.
};

/// One result beside its reference.
struct Row
{
    QString what; ///< The case.
    QString metric;
    QString unit;
    double value = 0;
    QString reference;
    std::optional<double> referenceValue; ///< Empty if the reference could not be had.
    Better better = Better::Lower;
    Goal goal = {};

    [[nodiscard]] std::optional<double> ratio() const;
    [[nodiscard]] bool hasGoal() const { return goal.ratio || goal.value; }
    [[nodiscard]] bool meetsGoal() const;
};

/// Collects the results, prints them as tables for people, and gives them as JSON.
class Report
{
public:
    void beginScenario(const QString &name, const QString &headline);
    void add(Row row);
    /// A sentence below the table.
    void note(const QString &sentence);
    /// Prints the scenario's table.
    void endScenario();

    [[nodiscard]] QJsonArray json() const { return m_json; }
    /// A sentence on the goals.
    [[nodiscard]] QString summary() const;

private:
    QString m_scenario;
    std::vector<Row> m_rows;
    QStringList m_notes;
    QJsonArray m_json;
    int m_goals = 0;
    int m_goalsMet = 0;
};

/// 1234567 as "1,234,567".
[[nodiscard]] QString grouped(qint64 number);
void print(const QString &text);

} // namespace Bench
