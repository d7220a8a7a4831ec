// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "filecheck.h"

#include <QtCore/QFileInfo>

namespace Dashboard {

QString FileCheck::mistakeIn(const QString &file, const std::function<QString(const QString &file)> &contents)
{
    const QFileInfo info(file);
    // A folder cannot be read as a file. A read from a pipe or a device can block.
    if (!info.isFile() || !info.isReadable())
        return tr("This file cannot be read: check its name and who may read it.");
    if (file != m_file || info.lastModified() != m_modified || info.size() != m_size) {
        m_file = file;
        m_modified = info.lastModified();
        m_size = info.size();
        m_mistake = contents(file);
    }
    return m_mistake;
}

} // namespace Dashboard
