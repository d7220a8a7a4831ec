// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <QtCore/QDir>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>
#include <QtGui/QImage>
#include <QtTest/QTest>

#include <set>

namespace {

struct Result
{
    int code = -1;
    QString output;
    QString errors;
};

Result runProgram(const QStringList &arguments, const QStringList &without = {}, int limit = 60'000)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString &variable : without)
        environment.remove(variable);
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(TIDEPOOL_DASHBOARD), arguments);
    if (!process.waitForFinished(limit)) {
        process.kill();
        process.waitForFinished();
    }
    const bool ended = process.exitStatus() == QProcess::NormalExit;
    return {ended ? process.exitCode() : -1, QString::fromUtf8(process.readAllStandardOutput()),
            QString::fromUtf8(process.readAllStandardError())};
}

/// What the program would keep for a user: a file in his folder of settings.
class UserSettings
{
public:
    explicit UserSettings(const QByteArray &text)
    {
        qputenv("XDG_CONFIG_HOME", m_folder.path().toLocal8Bit());
        QFile file(name());
        if (QDir(m_folder.path()).mkdir(QStringLiteral("Tidepool")) && file.open(QIODevice::WriteOnly))
            file.write(text);
    }
    ~UserSettings() { qunsetenv("XDG_CONFIG_HOME"); }
    Q_DISABLE_COPY_MOVE(UserSettings)

    [[nodiscard]] QByteArray text() const
    {
        QFile file(name());
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private:
    [[nodiscard]] QString name() const { return m_folder.filePath(QStringLiteral("Tidepool/tidepool-dashboard.conf")); }

    const QTemporaryDir m_folder;
};

QStringList words(const char *text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '));
}

} // namespace

/// The program tidepool-dashboard: its options, and a picture of every scene.
class tst_dashboard_program : public QObject
{
    Q_OBJECT

private slots:
    void helpTeaches();
    void wrongOptions_data();
    void wrongOptions();
    void withoutDisplay();
    void scenes_data();
    void scenes();
    void sceneKnowsNoSettings();
    void unwritablePicture();
};

void tst_dashboard_program::helpTeaches()
{
    const Result help = runProgram({QStringLiteral("--help")}, {QStringLiteral("QT_QPA_PLATFORM")});
    QCOMPARE(help.code, 0);
    for (const char *word : {"Usage:", "Examples:", "--screenshot", "--scene", "Exit status", "Keys:"})
        QVERIFY2(help.output.contains(QLatin1String(word)), word);
    QCOMPARE(help.errors, QString());
    QVERIFY(runProgram({QStringLiteral("--version")}).output.startsWith(QStringLiteral("tidepool-dashboard ")));
}

void tst_dashboard_program::wrongOptions_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("remedy");
    QTest::newRow("unknown option") << words("--fast") << "fast";
    QTest::newRow("stray word") << words("fast") << "write --NAME VALUE";
    QTest::newRow("unknown scene") << words("--screenshot x.png --scene sunset") << "ready, burst, outage";
    QTest::newRow("scene without file") << words("--scene ready") << "--screenshot FILE";
    QTest::newRow("file without name") << QStringList{QStringLiteral("--screenshot"), QString()} << "dashboard.png";
    QTest::newRow("too long a past") << words("--screenshot x.png --seconds 61") << "1 to 60";
    QTest::newRow("too small") << words("--size 100x100") << "340x480";
    QTest::newRow("not a size") << words("--size large") << "WIDTHxHEIGHT";
    QTest::newRow("unknown theme") << words("--theme pink") << "light or dark";
}

void tst_dashboard_program::wrongOptions()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, remedy);
    const Result result = runProgram(arguments);
    QCOMPARE(result.code, 2);
    QVERIFY2(result.errors.contains(remedy), qPrintable(result.errors));
    QVERIFY(result.errors.contains(QStringLiteral("--help")));
    QCOMPARE(result.output, QString());
}

void tst_dashboard_program::withoutDisplay()
{
    const Result result = runProgram(
        {}, {QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("DISPLAY"), QStringLiteral("WAYLAND_DISPLAY")});
    QCOMPARE(result.code, 1);
    QVERIFY2(result.errors.contains(QStringLiteral("there is no display")), qPrintable(result.errors));
    QVERIFY(result.errors.contains(QStringLiteral("--screenshot")));
}

void tst_dashboard_program::scenes_data()
{
    QTest::addColumn<QSize>("size");
    QTest::addColumn<bool>("isDark");
    for (const char *name : {"ready", "burst", "outage", "hostile", "connect"})
        QTest::newRow(name) << QSize(1280, 880) << false;
    QTest::newRow("dark") << QSize(1280, 880) << true;
    QTest::newRow("narrow") << QSize(360, 800) << false;
}

void tst_dashboard_program::scenes()
{
    QFETCH(const QSize, size);
    QFETCH(const bool, isDark);
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("scene.png"));
    const Result result =
        runProgram({QStringLiteral("--screenshot"), file, QStringLiteral("--seconds"), QStringLiteral("1"),
                    QStringLiteral("--scene"), QString::fromLatin1(QTest::currentDataTag())},
                   {QStringLiteral("QT_QPA_PLATFORM")});
    QVERIFY2(result.code == 0, qPrintable(result.errors));
    // What Qt and QML complain about comes here.
    QVERIFY2(!result.errors.contains(QStringLiteral("qrc:")), qPrintable(result.errors));
    const QImage picture(file);
    QCOMPARE(picture.size(), size);
    std::set<QRgb> colours;
    double light = 0;
    for (int y = 0; y < picture.height(); y += 3)
        for (int x = 0; x < picture.width(); x += 3) {
            colours.insert(picture.pixel(x, y));
            light += qGray(picture.pixel(x, y));
        }
    light /= (picture.width() / 3.0) * (picture.height() / 3.0);
    QVERIFY2(colours.size() > 100, "the picture is empty");
    QCOMPARE(light < 80, isDark);
}

// The same picture for everybody: a form without what its user typed last.
void tst_dashboard_program::sceneKnowsNoSettings()
{
    const QRect form(20, 72, 296, 740); // the side panel of the scene
    const QTemporaryDir folder;
    QList<QImage> pictures;
    for (const QByteArray &text :
         {QByteArray(), QByteArray("[connect]\nserver=private.example.org:8443\ntlsMode=2\nmaximum=99\n")}) {
        const UserSettings settings(text);
        const QString file = folder.filePath(QStringLiteral("%1.png").arg(pictures.size()));
        const Result result = runProgram({QStringLiteral("--screenshot"), file, QStringLiteral("--seconds"),
                                          QStringLiteral("1"), QStringLiteral("--scene"), QStringLiteral("connect")});
        QVERIFY2(result.code == 0, qPrintable(result.errors));
        pictures.append(QImage(file).copy(form));
        QCOMPARE(settings.text(), text);
    }
    QCOMPARE(pictures.at(1), pictures.at(0));
}

void tst_dashboard_program::unwritablePicture()
{
    const Result result = runProgram({QStringLiteral("--screenshot"), QStringLiteral("/nowhere/x.png"),
                                      QStringLiteral("--seconds"), QStringLiteral("1")});
    QCOMPARE(result.code, 1);
    QVERIFY2(result.errors.contains(QStringLiteral("check the folder")), qPrintable(result.errors));
}

QTEST_GUILESS_MAIN(tst_dashboard_program)
#include "tst_dashboard_program.moc"
