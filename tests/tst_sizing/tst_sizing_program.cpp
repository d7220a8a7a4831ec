// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/process.h"

#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// tidepool-sim as its user sees it.
class tst_SizingProgram : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { SKIP_IF_PROCESSES_CONFUSE(); }
    void comparesThePolicies();
    void readsATraceFromAFile();
    void drawsAPlot();
    void saysWhatIsWrong_data();
    void saysWhatIsWrong();

private:
    static int run(Process &program, const QStringList &arguments);
    QString write(const QByteArray &text);

    QTemporaryDir m_folder;
};

int tst_SizingProgram::run(Process &program, const QStringList &arguments)
{
    if (!program.run(QStringLiteral(TIDEPOOL_SIM), arguments) || !program.waitForFinished(30'000))
        return -1;
    return program.exitStatus() == QProcess::NormalExit ? program.exitCode() : -1;
}

QString tst_SizingProgram::write(const QByteArray &text)
{
    QFile file(m_folder.filePath(u"takes.txt"_s));
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size() ? file.fileName() : QString();
}

void tst_SizingProgram::comparesThePolicies()
{
    Process program;
    QCOMPARE(run(program, {u"burst"_s, u"--seconds"_s, u"60"_s}), 0);
    for (const char *policy : {"predictive", "classic", "clairvoyant", "static"})
        QVERIFY2(!program.value(QString::fromLatin1(policy)).isEmpty(), policy);
}

void tst_SizingProgram::readsATraceFromAFile()
{
    const QString file = write("# five takes\n1.0\n 2.5 # the second\n\n2.5\n3\n4e0\n");
    QVERIFY(!file.isEmpty());
    Process program;
    QCOMPARE(run(program, {file}), 0);
    QVERIFY2(program.lines().constFirst().contains(u": 5 takes in 5 s"_s), qPrintable(program.lines().constFirst()));
}

void tst_SizingProgram::drawsAPlot()
{
    const QString plot = m_folder.filePath(u"plot.svg"_s);
    Process program;
    QCOMPARE(run(program, {u"burst"_s, u"--seconds"_s, u"60"_s, u"--plot"_s, plot}), 0);
    QFile file(plot);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray svg = file.readAll();
    QVERIFY(svg.startsWith("<svg "));
    QCOMPARE(svg.count("<circle"), 3);
}

void tst_SizingProgram::saysWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("words");
    QTest::newRow("no trace") << QStringList{} << 2 << QByteArray("--help");
    QTest::newRow("no such file") << QStringList{u"nowhere.txt"_s} << 1 << QByteArray("nowhere.txt cannot be read");
    QTest::newRow("not a time") << QStringList{write("1\nsoon\n")} << 1 << QByteArray("line 2: \"soon\" is no time");
    QTest::newRow("out of range") << QStringList{u"burst"_s, u"--dial-ms"_s, u"0"_s} << 2 << QByteArray("--dial-ms");
    QTest::newRow("bounds swapped") << QStringList{u"burst"_s, u"--minimum"_s, u"65"_s} << 2 << QByteArray("--minimum");
    QTest::newRow("plot nowhere") << QStringList{u"steady"_s, u"--plot"_s, u"/nowhere/plot.svg"_s} << 1
                                  << QByteArray("/nowhere/plot.svg cannot be written");
}

void tst_SizingProgram::saysWhatIsWrong()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QByteArray, words);
    Process program;
    QCOMPARE(run(program, arguments), code);
    const QByteArray errors = program.errors();
    QVERIFY2(errors.contains(words), errors.constData());
}

QTEST_GUILESS_MAIN(tst_SizingProgram)
#include "tst_sizing_program.moc"
