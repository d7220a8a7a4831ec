// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include <QtCore/QDir>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <memory>

/// An X server without a screen.
class VirtualDisplay
{
public:
    VirtualDisplay()
    {
        // It writes the number of its display to its stdout.
        m_server.start(QStringLiteral("Xvfb"),
                       {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"),
                        QStringLiteral("0"), QStringLiteral("1400x1000x24"), QStringLiteral("-noreset")});
        if (m_server.waitForReadyRead(20'000))
            m_name = QLatin1Char(':') + QString::fromLatin1(m_server.readLine().trimmed());
    }
    ~VirtualDisplay()
    {
        m_server.terminate();
        m_server.waitForFinished();
    }

    [[nodiscard]] QString name() const { return m_name; }

private:
    QProcess m_server;
    QString m_name;
};

/// The dashboard in a real window: it comes up, takes keys, and closes cleanly.
class tst_dashboard_window : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void showsReadyAndCloses();
    void endsBySignal();
    void optionsAreNotKept();
    void cleanupTestCase();

private:
    [[nodiscard]] std::unique_ptr<QProcess> startDashboard(const QStringList &options = {});
    /// Waits for a window whose title matches, and returns its id.
    [[nodiscard]] QString windowTitled(const QString &pattern);
    [[nodiscard]] bool xdotool(const QStringList &arguments, QString *output = nullptr);

    std::unique_ptr<VirtualDisplay> m_display;
    QTemporaryDir m_settings;
    QProcessEnvironment m_environment = QProcessEnvironment::systemEnvironment();
};

void tst_dashboard_window::initTestCase()
{
    for (const char *program : {"Xvfb", "xdotool"}) {
        if (QStandardPaths::findExecutable(QString::fromLatin1(program)).isEmpty())
            QSKIP(qPrintable(QStringLiteral("%1 is not installed").arg(QString::fromLatin1(program))));
    }
    m_display = std::make_unique<VirtualDisplay>();
    QVERIFY2(!m_display->name().isEmpty(), "Xvfb did not start");
    m_environment.insert(QStringLiteral("DISPLAY"), m_display->name());
    m_environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("xcb"));
    m_environment.insert(QStringLiteral("XDG_CONFIG_HOME"), m_settings.path());
}

void tst_dashboard_window::cleanupTestCase()
{
    m_display.reset();
}

std::unique_ptr<QProcess> tst_dashboard_window::startDashboard(const QStringList &options)
{
    auto program = std::make_unique<QProcess>();
    program->setProcessEnvironment(m_environment);
    program->start(QStringLiteral(TIDEPOOL_DASHBOARD), options);
    return program;
}

bool tst_dashboard_window::xdotool(const QStringList &arguments, QString *output)
{
    QProcess process;
    process.setProcessEnvironment(m_environment);
    process.start(QStringLiteral("xdotool"), arguments);
    if (!process.waitForFinished(10'000))
        return false;
    if (output)
        *output = QString::fromLatin1(process.readAllStandardOutput());
    return process.exitCode() == 0;
}

QString tst_dashboard_window::windowTitled(const QString &pattern)
{
    QString ids;
    static_cast<void>(QTest::qWaitFor(
        [&] {
            return xdotool(
                       {QStringLiteral("search"), QStringLiteral("--onlyvisible"), QStringLiteral("--name"), pattern},
                       &ids)
                && !ids.isEmpty();
        },
        30'000));
    return ids.section(QLatin1Char('\n'), 0, 0);
}

void tst_dashboard_window::showsReadyAndCloses()
{
    const auto program = startDashboard();
    const QString window = windowTitled(QStringLiteral("^Ready: [0-9]+ .* - Tidepool"));
    QVERIFY2(!window.isEmpty(), program->readAllStandardError().constData());
    QVERIFY(xdotool({QStringLiteral("windowfocus"), window}));
    QVERIFY(xdotool({QStringLiteral("key"), QStringLiteral("p")}));
    QVERIFY(!windowTitled(QStringLiteral("^Paused: ")).isEmpty());
    QVERIFY(xdotool({QStringLiteral("key"), QStringLiteral("ctrl+q")}));
    QVERIFY(program->waitForFinished(20'000));
    QCOMPARE(program->exitStatus(), QProcess::NormalExit);
    QCOMPARE(program->exitCode(), 0);
    const QString errors = QString::fromUtf8(program->readAllStandardError());
    QVERIFY2(!errors.contains(QStringLiteral("qrc:")), qPrintable(errors));
}

void tst_dashboard_window::endsBySignal()
{
    const auto program = startDashboard();
    QVERIFY(!windowTitled(QStringLiteral("^Ready: ")).isEmpty());
    program->terminate();
    QVERIFY(program->waitForFinished(20'000));
    QCOMPARE(program->exitStatus(), QProcess::NormalExit);
    QCOMPARE(program->exitCode(), 0);
}

// They are for once: what the user chose stays as it is.
void tst_dashboard_window::optionsAreNotKept()
{
    QFile file(m_settings.filePath(QStringLiteral("Tidepool/tidepool-dashboard.conf")));
    QVERIFY(QDir(m_settings.path()).mkpath(QStringLiteral("Tidepool")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    const QByteArray kept = "[window]\nsize=@Size(1000 700)\ntheme=1\n";
    file.write(kept);
    file.close();

    const auto program = startDashboard(
        {QStringLiteral("--theme"), QStringLiteral("dark"), QStringLiteral("--size"), QStringLiteral("800x600")});
    const QString window = windowTitled(QStringLiteral("^Ready: "));
    QVERIFY2(!window.isEmpty(), program->readAllStandardError().constData());
    QString geometry;
    QVERIFY(xdotool({QStringLiteral("getwindowgeometry"), window}, &geometry));
    QVERIFY2(geometry.contains(QStringLiteral("800x600")), qPrintable(geometry));
    QVERIFY(xdotool({QStringLiteral("windowfocus"), window}));
    QVERIFY(xdotool({QStringLiteral("key"), QStringLiteral("ctrl+q")}));
    QVERIFY(program->waitForFinished(20'000));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), kept);
}

QTEST_GUILESS_MAIN(tst_dashboard_window)
#include "tst_dashboard_window.moc"
