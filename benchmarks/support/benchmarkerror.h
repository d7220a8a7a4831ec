// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

#include <stdexcept>

namespace Bench {

/// Why something could not be measured, as a sentence.
class BenchmarkError : public std::runtime_error
{
public:
    explicit BenchmarkError(const QString &sentence) : std::runtime_error(sentence.toStdString()) {}
};

} // namespace Bench
