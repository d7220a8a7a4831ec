// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QMetaObject>
#include <QtCore/QStringList>

/// Fails the test unless the rows of a section of docs/go-package.md name the test functions of this class, in their
/// order, and what else they name exists.
#define VERIFY_ROWS(section) \
    do { \
        const QStringList missing = TestSupport::missingFolders(QStringLiteral(section)); \
        QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u' '))); \
        QCOMPARE(TestSupport::rowsOf(QStringLiteral(section)), TestSupport::testsOf(staticMetaObject)); \
    } while (false)

// The walk through docs/go-package.md: a program of tests for each of its sections, a test function for each row.
namespace TestSupport {

/// A file of the project; empty if it cannot be read.
[[nodiscard]] QByteArray contentOf(const QString &path);

/// The headings of the page's sections.
[[nodiscard]] QStringList sectionsOfTheWalk();
/// Where the tests of @p section are.
[[nodiscard]] QString fileOfSection(const QString &section);
/// The test functions that the rows of @p section name.
[[nodiscard]] QStringList rowsOf(const QString &section);
/// The folders that the rows of @p section name and that are not there.
[[nodiscard]] QStringList missingFolders(const QString &section);
/// The test functions of a class, but for those about the walk itself ("every...").
[[nodiscard]] QStringList testsOf(const QMetaObject &meta);

} // namespace TestSupport
