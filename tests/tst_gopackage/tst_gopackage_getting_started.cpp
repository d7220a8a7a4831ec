// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// How a program comes to use the library, as docs/go-package.md has it.

#include "walk.h"

#include <QtTest/QTest>

using namespace TestSupport;
using namespace Qt::StringLiterals;

class tst_GoPackageGettingStarted : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRowHasItsTest() { VERIFY_ROWS("Getting started"); }
    void everySectionHasItsFile();

    void license();
};

// Each of them compares the rows of its section.
void tst_GoPackageGettingStarted::everySectionHasItsFile()
{
    const QStringList sections = sectionsOfTheWalk();
    QVERIFY(sections.size() > 1);
    for (const QString &section : sections)
        QVERIFY2(!contentOf(fileOfSection(section)).isEmpty(), qPrintable(fileOfSection(section)));
}

void tst_GoPackageGettingStarted::license()
{
    QVERIFY(contentOf(u"LICENSE"_s).startsWith("BSD 3-Clause License"));
}

QTEST_GUILESS_MAIN(tst_GoPackageGettingStarted)
#include "tst_gopackage_getting_started.moc"
