// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../types/durations.h"

#include <tidepool/sizinglevels.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

#include <algorithm>
#include <utility>

namespace Tidepool {

namespace {

using std::chrono::milliseconds;
using Level = SizingLevels::Level;

constexpr QLatin1String formatName("tidepool-sizing-levels");
constexpr QLatin1String deletionAdvice("delete what was saved, and the pool learns anew");
constexpr milliseconds longestAge = longestDuration;

Level corrected(const Level &level)
{
    return {std::clamp(level.connections, 1, SizingLevels::maximumConnections),
            clampedDuration(level.age, milliseconds(0), longestAge)};
}

QList<Level> correctedAll(const QList<Level> &levels)
{
    QList<Level> result;
    result.reserve(levels.size());
    std::transform(levels.begin(), levels.end(), std::back_inserter(result), corrected);
    std::stable_sort(result.begin(), result.end(), [](const Level &a, const Level &b) { return a.age > b.age; });
    return result;
}

// A level covers those below it that are older: they say nothing.
QList<Level> correctedLevels(const QList<Level> &levels)
{
    QList<Level> result;
    for (const Level &level : correctedAll(levels)) {
        while (!result.isEmpty() && result.constLast().connections <= level.connections)
            result.removeLast();
        result.append(level);
    }
    // None is needed less than before.
    while (result.size() > SizingLevels::maximumLevels) {
        QList<Level> joined;
        for (qsizetype i = 0; i < result.size(); i += 2)
            joined.append({result.at(i).connections, result.at(std::min(i + 1, result.size() - 1)).age});
        result = joined;
    }
    return result;
}

// In UTC. Invalid if it cannot be written as text.
QDateTime soundMoment(const QDateTime &moment)
{
    const QDateTime utc = moment.isValid() ? moment.toUTC() : QDateTime();
    const int year = utc.isValid() ? utc.date().year() : 0;
    return year >= 1970 && year <= 9999 ? utc : QDateTime();
}

QJsonArray toArray(const QList<Level> &levels)
{
    QJsonArray array;
    for (const Level &level : levels)
        array.append(QJsonObject{{QStringLiteral("connections"), level.connections},
                                 {QStringLiteral("ageMs"), static_cast<qint64>(level.age.count())}});
    return array;
}

/// Reads one field after the other. The first mistake is kept.
class Reader
{
public:
    explicit Reader(const QJsonObject &json) : m_json(json) {}

    [[nodiscard]] const QString &problem() const { return m_problem; }

    void format()
    {
        if (m_json.value(QLatin1String("format")) != QJsonValue(formatName))
            fail(QStringLiteral("\"format\" is not \"%1\", so this is something else; name what a pool has saved")
                     .arg(formatName));
    }

    void version()
    {
        const QJsonValue value = m_json.value(QLatin1String("version"));
        const auto known = static_cast<qint64>(SizingLevels::version);
        const qint64 found = wholeNumber(value, QStringLiteral("version"), 1, latestVersion);
        if (found > known)
            fail(QStringLiteral("\"version\" is %1, and this program knows %2 and below; update it, or %3")
                     .arg(found)
                     .arg(known)
                     .arg(deletionAdvice));
    }

    [[nodiscard]] QDateTime moment(const QString &name)
    {
        const QJsonValue value = m_json.value(name);
        if (value.isNull())
            return {};
        const QString text = value.toString().left(longestMoment);
        QDateTime time = soundMoment(QDateTime::fromString(text, Qt::ISODateWithMs));
        if (!time.isValid())
            fail(QStringLiteral("\"%1\" is not a time like 2026-11-30T12:00:00.000Z; %2").arg(name, deletionAdvice));
        return time;
    }

    [[nodiscard]] qint64 number(const QString &name, qint64 least, qint64 most)
    {
        return wholeNumber(m_json.value(name), name, least, most);
    }

    [[nodiscard]] QList<Level> list(const QString &name, qsizetype mostEntries)
    {
        const QJsonValue value = m_json.value(name);
        const QJsonArray array = value.toArray();
        QList<Level> levels;
        if (!value.isArray() || array.size() > mostEntries) {
            fail(QStringLiteral("\"%1\" is not a list of %2 entries at most; %3")
                     .arg(name)
                     .arg(mostEntries)
                     .arg(deletionAdvice));
            return levels;
        }
        for (qsizetype i = 0; i < array.size() && m_problem.isEmpty(); ++i) {
            const QJsonObject entry = array.at(i).toObject();
            const QString place = QStringLiteral("%1[%2].").arg(name).arg(i);
            const auto field = [&](const QString &key, qint64 least, qint64 most) {
                return wholeNumber(entry.value(key), place + key, least, most);
            };
            levels.append({static_cast<int>(field(QStringLiteral("connections"), 1, SizingLevels::maximumConnections)),
                           milliseconds(field(QStringLiteral("ageMs"), 0, longestAge.count()))});
        }
        return levels;
    }

private:
    static constexpr qint64 latestVersion = 1'000'000'000;
    static constexpr qsizetype longestMoment = 64;

    void fail(const QString &problem)
    {
        if (m_problem.isEmpty())
            m_problem = problem;
    }

    qint64 wholeNumber(const QJsonValue &value, const QString &name, qint64 least, qint64 most)
    {
        const qint64 number = value.toInteger(least - 1);
        if (number >= least && number <= most)
            return number;
        fail(QStringLiteral("\"%1\" is not a whole number from %2 to %3; %4")
                 .arg(name)
                 .arg(least)
                 .arg(most)
                 .arg(deletionAdvice));
        return least;
    }

    const QJsonObject &m_json;
    QString m_problem;
};

template <typename Value>
std::optional<Value> answer(std::optional<Value> value, const QString &text, QString *problem)
{
    if (problem)
        *problem = text;
    return text.isEmpty() ? std::move(value) : std::nullopt;
}

} // namespace

bool SizingLevels::isEmpty() const
{
    return levels.isEmpty() && levelsOutsideBursts.isEmpty() && bursts.isEmpty() && base == 0 && dialTime.count() == 0;
}

SizingLevels SizingLevels::corrected() const
{
    SizingLevels result;
    result.savedAt = soundMoment(savedAt);
    result.levels = correctedLevels(levels);
    result.levelsOutsideBursts = correctedLevels(levelsOutsideBursts);
    result.bursts = correctedAll(bursts);
    if (result.bursts.size() > maximumBursts)
        result.bursts = result.bursts.last(maximumBursts);
    result.base = std::clamp(base, 0, maximumConnections);
    result.dialTime = clampedDuration(dialTime, milliseconds(0), maximumDialTime);
    return result;
}

QJsonObject SizingLevels::toJson() const
{
    const SizingLevels sound = corrected();
    const QJsonValue when =
        sound.savedAt.isValid() ? QJsonValue(sound.savedAt.toString(Qt::ISODateWithMs)) : QJsonValue();
    return {
        {QStringLiteral("format"), formatName},
        {QStringLiteral("version"), version},
        {QStringLiteral("savedAt"), when},
        {QStringLiteral("levels"), toArray(sound.levels)},
        {QStringLiteral("levelsOutsideBursts"), toArray(sound.levelsOutsideBursts)},
        {QStringLiteral("bursts"), toArray(sound.bursts)},
        {QStringLiteral("base"), sound.base},
        {QStringLiteral("dialTimeMs"), static_cast<qint64>(sound.dialTime.count())},
    };
}

std::optional<SizingLevels> SizingLevels::fromJson(const QJsonObject &json, QString *problem)
{
    Reader reader(json);
    reader.format();
    reader.version();
    SizingLevels result;
    result.savedAt = reader.moment(QStringLiteral("savedAt"));
    result.levels = reader.list(QStringLiteral("levels"), maximumLevels);
    result.levelsOutsideBursts = reader.list(QStringLiteral("levelsOutsideBursts"), maximumLevels);
    result.bursts = reader.list(QStringLiteral("bursts"), maximumBursts);
    result.base = static_cast<int>(reader.number(QStringLiteral("base"), 0, maximumConnections));
    result.dialTime = milliseconds(reader.number(QStringLiteral("dialTimeMs"), 0, maximumDialTime.count()));
    return answer(std::optional(result.corrected()), reader.problem(), problem);
}

QByteArray SizingLevels::toText() const
{
    return QJsonDocument(toJson()).toJson(QJsonDocument::Compact);
}

std::optional<SizingLevels> SizingLevels::fromText(const QByteArray &text, QString *problem)
{
    const auto refuse = [problem](const QString &why) {
        return answer(std::optional<SizingLevels>(), QStringLiteral("%1; %2").arg(why, deletionAdvice), problem);
    };
    if (text.size() > maximumTextSize)
        return refuse(QStringLiteral("it has more than %1 bytes").arg(maximumTextSize));
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(text, &error);
    if (error.error != QJsonParseError::NoError)
        return refuse(QStringLiteral("it is not JSON: %1 at byte %2").arg(error.errorString()).arg(error.offset));
    if (!document.isObject())
        return refuse(QStringLiteral("it is JSON, but not an object"));
    return fromJson(document.object(), problem);
}

} // namespace Tidepool
