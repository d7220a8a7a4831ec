// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <tidepool/sizinglevels.h>

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QTimeZone>
#include <QtTest/QTest>

#include <limits>
#include <random>

using namespace Qt::StringLiterals;
using namespace Tidepool;
using namespace std::chrono_literals;

namespace {

QDateTime noon()
{
    return QDateTime(QDate(2026, 11, 30), QTime(12, 0, 0, 123), QTimeZone::utc());
}

SizingLevels example()
{
    SizingLevels levels;
    levels.savedAt = noon();
    levels.levels = {{44, 41s}, {9, 300ms}, {2, 0ms}};
    levels.levelsOutsideBursts = {{7, 12s}};
    levels.bursts = {{40, 20s}, {44, 15s}, {43, 10s}, {40, 5s}};
    levels.base = 5;
    levels.dialTime = 312ms;
    return levels;
}

/// The example with one field changed; "levels.0.ageMs" is one of the first level. Undefined: without it.
QJsonObject with(const QString &field, const QJsonValue &value)
{
    QJsonObject json = example().toJson();
    const QStringList path = field.split(u'.');
    if (path.size() == 1) {
        json[field] = value;
        if (value.isUndefined())
            json.remove(field);
        return json;
    }
    QJsonArray list = json[path[0]].toArray();
    QJsonObject entry = list.at(path[1].toInt()).toObject();
    if (path.size() == 2) {
        list[path[1].toInt()] = value;
    } else {
        entry[path[2]] = value;
        if (value.isUndefined())
            entry.remove(path[2]);
        list[path[1].toInt()] = entry;
    }
    json[path[0]] = list;
    return json;
}

QJsonArray longList(int entries)
{
    QJsonArray list;
    for (int i = 0; i < entries; ++i)
        list.append(QJsonObject{{u"connections"_s, 2'000 - i}, {u"ageMs"_s, 2'000 - i}});
    return list;
}

/// Any JSON, with names that the format knows among others.
QJsonValue anyValue(std::mt19937 &random, int depth)
{
    static const QStringList names{u"format"_s, u"version"_s, u"savedAt"_s,    u"levels"_s, u"levelsOutsideBursts"_s,
                                   u"bursts"_s, u"base"_s,    u"dialTimeMs"_s, u"ageMs"_s,  u"connections"_s,
                                   u"x"_s};
    static const QList<QJsonValue> leaves{0,
                                          1,
                                          -1,
                                          44,
                                          0.5,
                                          1e300,
                                          -1e300,
                                          9007199254740993.0,
                                          2'147'483'648.0,
                                          true,
                                          QJsonValue(),
                                          u"1"_s,
                                          u""_s,
                                          u"tidepool-sizing-levels"_s,
                                          u"2026-11-30T12:00:00Z"_s,
                                          u"292278994-08-17T07:12:55Z"_s};
    const auto below = [&random](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
    switch (depth > 0 ? below(4) : 0) {
    case 1: {
        QJsonArray array;
        for (int i = below(4); i > 0; --i)
            array.append(anyValue(random, depth - 1));
        return array;
    }
    case 2: {
        QJsonObject object;
        for (int i = below(5); i > 0; --i)
            object[names[below(static_cast<int>(names.size()))]] = anyValue(random, depth - 1);
        return object;
    }
    default:
        return leaves[below(static_cast<int>(leaves.size()))];
    }
}

bool isSound(const SizingLevels &levels)
{
    return levels == levels.corrected();
}

} // namespace

/// SizingLevels as a value: what it takes, and what it makes of nonsense.
class tst_SizingLevels : public QObject
{
    Q_OBJECT

private slots:
    void textAndBack();
    void textIsMeantToBeRead();
    void anEmptyOneToo();
    void valuesAreClamped();
    void listsAreBounded();
    void nothingIsNeededLessAfterBounding();
    void whatIsWrongIsNamed_data();
    void whatIsWrongIsNamed();
    void whatIsNoJsonIsRefused_data();
    void whatIsNoJsonIsRefused();
    void whatIsUnknownIsIgnored();
    void anyJsonIsReadOrRefused();
    void anyBytesAreReadOrRefused();
    void anyValueGoesToTextAndBack();
};

void tst_SizingLevels::textAndBack()
{
    const SizingLevels levels = example();
    QVERIFY(isSound(levels));
    QString problem = u"old"_s;
    const auto read = SizingLevels::fromText(levels.toText(), &problem);
    QVERIFY2(read.has_value(), qPrintable(problem));
    QCOMPARE(problem, QString());
    QVERIFY(*read == levels);
    QVERIFY(SizingLevels::fromJson(levels.toJson()) == levels);
}

void tst_SizingLevels::textIsMeantToBeRead()
{
    SizingLevels levels;
    levels.savedAt = noon();
    levels.levels = {{44, 41s}};
    levels.base = 5;
    const QByteArray expected = R"({"base":5,"bursts":[],"dialTimeMs":0,"format":"tidepool-sizing-levels",)"
                                R"("levels":[{"ageMs":41000,"connections":44}],"levelsOutsideBursts":[],)"
                                R"("savedAt":"2026-11-30T12:00:00.123Z","version":1})";
    QCOMPARE(levels.toText(), expected);
}

void tst_SizingLevels::anEmptyOneToo()
{
    const SizingLevels levels;
    QVERIFY(levels.isEmpty());
    QVERIFY(!example().isEmpty());
    QVERIFY(SizingLevels::fromText(levels.toText()) == levels);
}

void tst_SizingLevels::valuesAreClamped()
{
    using Limits = std::numeric_limits<int>;
    SizingLevels levels;
    levels.savedAt = QDateTime(QDate(-4'000, 1, 1), QTime(0, 0), QTimeZone::utc());
    levels.levels = {{Limits::max(), std::chrono::milliseconds::max()},
                     {Limits::min(), std::chrono::milliseconds::min()}};
    levels.bursts = levels.levels;
    levels.base = Limits::min();
    levels.dialTime = std::chrono::milliseconds::max();
    const SizingLevels sound = levels.corrected();
    const QList<SizingLevels::Level> expected{{SizingLevels::maximumConnections, 24h * 24}, {1, 0ms}};
    QVERIFY(sound.levels == expected);
    QVERIFY(sound.bursts == expected);
    QCOMPARE(sound.base, 0);
    QCOMPARE(sound.dialTime, SizingLevels::maximumDialTime);
    QVERIFY(!sound.savedAt.isValid());
    QVERIFY(SizingLevels::fromText(levels.toText()) == sound);
}

void tst_SizingLevels::listsAreBounded()
{
    SizingLevels levels;
    for (int i = 0; i < 100'000; ++i) {
        levels.levels.append({100'000 - i, std::chrono::milliseconds(200'000 - i)});
        levels.bursts.append({i + 1, std::chrono::milliseconds(200'000 - i)});
    }
    const SizingLevels sound = levels.corrected();
    QVERIFY(sound.levels.size() <= SizingLevels::maximumLevels);
    QVERIFY(sound.levels.size() > SizingLevels::maximumLevels / 4);
    QCOMPARE(sound.levels.constFirst().connections, 100'000);
    QCOMPARE(sound.bursts.size(), SizingLevels::maximumBursts);
    QCOMPARE(sound.bursts.constLast().connections, 100'000); // the last ones
    QVERIFY(levels.toText().size() < SizingLevels::maximumTextSize);
    QVERIFY(isSound(sound));
}

// At each age, at least as much is needed as before.
void tst_SizingLevels::nothingIsNeededLessAfterBounding()
{
    const auto neededWithin = [](const QList<SizingLevels::Level> &levels, std::chrono::milliseconds window) {
        int most = 0;
        for (const auto &level : levels)
            most = level.age < window ? std::max(most, level.connections) : most;
        return most;
    };
    std::mt19937 random(4);
    for (int round = 0; round < 50; ++round) {
        SizingLevels levels;
        for (auto i = random() % 2'000; i > 0; --i)
            levels.levels.append(
                {static_cast<int>(random() % 5'000) + 1, std::chrono::milliseconds(random() % 60'000)});
        const bool isShort = levels.levels.size() <= SizingLevels::maximumLevels;
        const auto sound = levels.corrected().levels;
        for (auto window = 0ms; window <= 61s; window += 250ms) {
            const int before = neededWithin(levels.levels, window);
            const int after = neededWithin(sound, window);
            QVERIFY(isShort ? after == before : after >= before);
        }
    }
}

void tst_SizingLevels::whatIsWrongIsNamed_data()
{
    QTest::addColumn<QJsonObject>("json");
    QTest::addColumn<QString>("words");
    const auto row = [](const char *name, const QString &field, const QJsonValue &value, const char *words) {
        QTest::newRow(name) << with(field, value) << QString::fromLatin1(words);
    };
    const QJsonValue nothing(QJsonValue::Undefined);
    row("another format", u"format"_s, u"package.json"_s, "\"format\" is not \"tidepool-sizing-levels\"");
    row("no format", u"format"_s, nothing, "\"format\" is not");
    row("no version", u"version"_s, nothing, "\"version\" is not a whole number");
    row("version is text", u"version"_s, u"1"_s, "\"version\" is not a whole number");
    row("a later version", u"version"_s, 2, "\"version\" is 2, and this program knows 1 and below; update it");
    row("no time", u"savedAt"_s, nothing, "\"savedAt\" is not a time");
    row("time is rubbish", u"savedAt"_s, u"yesterday"_s, "\"savedAt\" is not a time");
    row("time is a number", u"savedAt"_s, 1e12, "\"savedAt\" is not a time");
    row("time before all", u"savedAt"_s, u"1066-10-14T09:00:00Z"_s, "\"savedAt\" is not a time");
    row("no levels", u"levels"_s, nothing, "\"levels\" is not a list");
    row("levels are a number", u"levels"_s, 44, "\"levels\" is not a list");
    row("too many levels", u"levels"_s, longList(257), "\"levels\" is not a list of 256 entries at most");
    row("too many bursts", u"bursts"_s, longList(17), "\"bursts\" is not a list of 16 entries at most");
    row("level is a number", u"levels.0"_s, 44, "\"levels[0].connections\" is not a whole number from 1 to 1000000");
    row("level is none", u"levels.1.connections"_s, 0, "\"levels[1].connections\" is not");
    row("level is huge", u"levels.1.connections"_s, 1e18, "\"levels[1].connections\" is not");
    row("level is broken", u"levels.1.connections"_s, 1.5, "\"levels[1].connections\" is not");
    row("age is negative", u"levels.2.ageMs"_s, -1, "\"levels[2].ageMs\" is not");
    row("age is huge", u"levels.2.ageMs"_s, 1e300, "\"levels[2].ageMs\" is not");
    row("no age", u"bursts.3.ageMs"_s, nothing, "\"bursts[3].ageMs\" is not");
    row("no base", u"base"_s, nothing, "\"base\" is not a whole number from 0 to 1000000");
    row("base is negative", u"base"_s, -1, "\"base\" is not");
    row("dial time is huge", u"dialTimeMs"_s, 10'001, "\"dialTimeMs\" is not a whole number from 0 to 10000");
}

void tst_SizingLevels::whatIsWrongIsNamed()
{
    QFETCH(QJsonObject, json);
    QFETCH(QString, words);
    QString problem;
    QVERIFY(!SizingLevels::fromJson(json, &problem));
    QVERIFY2(problem.contains(words), qPrintable(problem));
    QVERIFY2(problem.contains(u"; "_s), qPrintable(problem)); // and what to do
    QVERIFY(!problem.contains(u'\n'));
    QVERIFY(!SizingLevels::fromJson(json));
}

void tst_SizingLevels::whatIsNoJsonIsRefused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("words");
    QTest::newRow("nothing") << QByteArray() << u"it is not JSON"_s;
    QTest::newRow("a word") << QByteArray("hello") << u"it is not JSON"_s;
    QTest::newRow("cut off") << example().toText().chopped(1) << u"it is not JSON"_s;
    QTest::newRow("an array") << QByteArray("[]") << u"not an object"_s;
    QTest::newRow("zeros") << QByteArray(1'000, '\0') << u"it is not JSON"_s;
    QTest::newRow("deep") << QByteArray(60'000, '[') << u"it is not JSON"_s;
    QTest::newRow("huge") << QByteArray(70'000, ' ') + example().toText() << u"it has more than 65536 bytes"_s;
}

void tst_SizingLevels::whatIsNoJsonIsRefused()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, words);
    QString problem;
    QVERIFY(!SizingLevels::fromText(text, &problem));
    QVERIFY2(problem.contains(words), qPrintable(problem));
    QVERIFY2(problem.contains(u"delete what was saved"_s), qPrintable(problem));
}

void tst_SizingLevels::whatIsUnknownIsIgnored()
{
    QVERIFY(SizingLevels::fromJson(with(u"colour"_s, u"blue"_s)) == example());
    QVERIFY(SizingLevels::fromJson(with(u"levels.0.colour"_s, u"blue"_s)) == example());
}

void tst_SizingLevels::anyJsonIsReadOrRefused()
{
    std::mt19937 random(5);
    static const QStringList fields{u"format"_s,
                                    u"version"_s,
                                    u"savedAt"_s,
                                    u"levels"_s,
                                    u"levels.0"_s,
                                    u"bursts"_s,
                                    u"base"_s,
                                    u"dialTimeMs"_s,
                                    u"bursts.1.ageMs"_s,
                                    u"levels.0.connections"_s,
                                    u"levelsOutsideBursts"_s};
    int read = 0;
    int refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        // Of the whole, nearly all is refused; of one field, some is read.
        const auto place = static_cast<qsizetype>(random() % (static_cast<unsigned>(fields.size()) + 1));
        const QJsonObject json =
            place == fields.size() ? anyValue(random, 4).toObject() : with(fields[place], anyValue(random, 3));
        QString problem;
        const auto levels = SizingLevels::fromJson(json, &problem);
        QCOMPARE(levels.has_value(), problem.isEmpty());
        QVERIFY(problem.size() < 500);
        ++(levels ? read : refused);
        if (levels)
            QVERIFY(isSound(*levels));
    }
    QVERIFY2(read > 500 && refused > 5'000, qPrintable(u"%1 read, %2 refused"_s.arg(read).arg(refused)));
}

// Bytes changed, left out or put in, at random.
void tst_SizingLevels::anyBytesAreReadOrRefused()
{
    std::mt19937 random(6);
    const QByteArray good = example().toText();
    int read = 0;
    for (int i = 0; i < 20'000; ++i) {
        QByteArray text = good;
        for (auto changes = random() % 3 + 1; changes > 0; --changes) {
            const auto place = static_cast<qsizetype>(random() % static_cast<unsigned>(text.size()));
            const char byte = static_cast<char>(random() % 2 == 0 ? random() % 256 : '0' + random() % 10);
            switch (random() % 3) {
            case 0:
                text[place] = byte;
                break;
            case 1:
                text.insert(place, byte);
                break;
            default:
                text.remove(place, 1);
            }
        }
        QString problem;
        const auto levels = SizingLevels::fromText(text, &problem);
        QCOMPARE(levels.has_value(), problem.isEmpty());
        read += levels ? 1 : 0;
        if (levels)
            QVERIFY(isSound(*levels));
    }
    QVERIFY2(read > 100 && read < 19'000, qPrintable(QString::number(read)));
}

void tst_SizingLevels::anyValueGoesToTextAndBack()
{
    std::mt19937_64 random(7);
    const auto number = [&random] { return static_cast<int>(random() >> (random() % 64)); };
    const auto list = [&] {
        QList<SizingLevels::Level> levels;
        for (auto i = random() % 600; i > 0; --i)
            levels.append({number(), std::chrono::milliseconds(static_cast<qint64>(random() >> (random() % 64)))});
        return levels;
    };
    for (int i = 0; i < 300; ++i) {
        SizingLevels levels;
        levels.savedAt = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(random() >> (random() % 64)));
        levels.levels = list();
        levels.levelsOutsideBursts = list();
        levels.bursts = list();
        levels.base = number();
        levels.dialTime = std::chrono::milliseconds(number());
        QString problem;
        const QByteArray text = levels.toText();
        QVERIFY(text.size() < SizingLevels::maximumTextSize);
        const auto read = SizingLevels::fromText(text, &problem);
        QVERIFY2(read.has_value(), qPrintable(problem));
        QVERIFY(*read == levels.corrected());
        QVERIFY(isSound(*read));
    }
}

QTEST_APPLESS_MAIN(tst_SizingLevels)
#include "tst_sizing_levels.moc"
