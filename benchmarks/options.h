// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QStringList>

namespace Bench {

/// What the command line says.
struct Options
{
    QStringList scenarios; ///< Names; never empty.
    QString jsonFile; ///< Empty: none.
    bool isQuick = false;

    /// If set, the program prints this and ends.
    QString lastWords;
    int exitStatus = 0; ///< For lastWords: 0 for help, 2 for a wrong option.
};

[[nodiscard]] Options readOptions(const QStringList &arguments);

} // namespace Bench
