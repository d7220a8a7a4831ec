// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QString>

#include <functional>

namespace Dashboard {

/// Checks a file that the user named. A form calls this after every key, so the file is read again only when it has
/// changed.
class FileCheck
{
    Q_DECLARE_TR_FUNCTIONS(Dashboard::FileCheck)

public:
    /// Returns the mistake, or an empty string. @p contents returns what is wrong inside a file that can be read.
    [[nodiscard]] QString mistakeIn(const QString &file, const std::function<QString(const QString &file)> &contents);

private:
    QString m_file;
    QDateTime m_modified;
    qint64 m_size = -1;
    QString m_mistake;
};

} // namespace Dashboard
