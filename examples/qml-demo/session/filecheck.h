// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QString>

#include <functional>

namespace Dashboard {

/// What is wrong with a file that the user named. A form asks at every key; the file is read again only when it has
/// changed.
class FileCheck
{
    Q_DECLARE_TR_FUNCTIONS(Dashboard::FileCheck)

public:
    /// Empty if nothing is. @p contents says what is wrong inside a file that can be read.
    [[nodiscard]] QString mistakeIn(const QString &file, const std::function<QString(const QString &file)> &contents);

private:
    QString m_file;
    QDateTime m_modified;
    qint64 m_size = -1;
    QString m_mistake;
};

} // namespace Dashboard
