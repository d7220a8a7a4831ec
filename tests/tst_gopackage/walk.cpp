// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "walk.h"

#include <QtCore/QFile>
#include <QtCore/QMetaMethod>
#include <QtCore/QRegularExpression>

using namespace Qt::StringLiterals;

namespace TestSupport {

namespace {

QString inProject(const QString &path)
{
    return QStringLiteral(TIDEPOOL_SOURCE_DIR "/") + path;
}

/// The first line of each is its heading.
QStringList texts()
{
    return QString::fromUtf8(contentOf(u"docs/go-package.md"_s)).split(u"\n## "_s).mid(1);
}

/// What the last column of the section's tables says.
QStringList lastCells(const QString &section)
{
    static const QRegularExpression row(u"^\\|.*\\| `([^`|]+)` \\|$"_s, QRegularExpression::MultilineOption);
    QStringList cells;
    for (const QString &text : texts()) {
        if (!text.startsWith(section + u'\n'))
            continue;
        for (auto matches = row.globalMatch(text); matches.hasNext();)
            cells.append(matches.next().captured(1));
    }
    return cells;
}

} // namespace

QByteArray contentOf(const QString &path)
{
    QFile file(inProject(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QStringList sectionsOfTheWalk()
{
    QStringList headings;
    for (const QString &text : texts())
        headings.append(text.section(u'\n', 0, 0));
    return headings;
}

QString fileOfSection(const QString &section)
{
    return u"tests/tst_gopackage/tst_gopackage_%1.cpp"_s.arg(section.toLower().replace(u' ', u'_'));
}

QStringList rowsOf(const QString &section)
{
    QStringList rows = lastCells(section);
    rows.removeIf([](const QString &cell) { return cell.contains(u'/'); });
    return rows;
}

QStringList missingFolders(const QString &section)
{
    QStringList folders = lastCells(section);
    folders.removeIf([](const QString &cell) { return !cell.contains(u'/') || QFile::exists(inProject(cell)); });
    return folders;
}

QStringList testsOf(const QMetaObject &meta)
{
    QStringList tests;
    for (int i = meta.methodOffset(); i < meta.methodCount(); ++i)
        tests.append(QString::fromLatin1(meta.method(i).name()));
    tests.removeIf([](const QString &test) { return test.startsWith(u"every"_s); });
    return tests;
}

} // namespace TestSupport
