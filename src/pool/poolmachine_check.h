// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "poolmachine.h"

namespace Tidepool {

class PoolMachine::CounterCheck
{
public:
    explicit CounterCheck(const PoolMachine &machine) : m_machine(machine) {}
    ~CounterCheck()
    {
        Q_ASSERT_X(m_machine.counterViolation().isEmpty(), "PoolMachine", "The counters do not balance.");
    }
    Q_DISABLE_COPY_MOVE(CounterCheck)

private:
    const PoolMachine &m_machine;
};

} // namespace Tidepool
