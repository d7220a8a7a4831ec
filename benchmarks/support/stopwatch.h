// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "usage.h"

#include <chrono>

namespace Bench {

/// Time on the wall since it was made.
class Stopwatch
{
public:
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - m_start; }
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(elapsed()).count(); }
    [[nodiscard]] double milliseconds() const { return seconds() * 1'000; }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// CPU time of all threads of this process since it was made.
class CpuStopwatch
{
public:
    [[nodiscard]] double milliseconds() const
    {
        return std::chrono::duration<double, std::milli>(processCpu() - m_start).count();
    }

private:
    std::chrono::nanoseconds m_start = processCpu();
};

} // namespace Bench
