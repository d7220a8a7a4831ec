// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "poolcore.h"

#include <type_traits>
#include <utility>

namespace Tidepool {

template <typename Call>
void PoolCore::perform(Call call)
{
    Effects effects;
    {
        const MutexLocker lock(m_mutex);
        effects = effectsOf(call(m_machine));
    }
    carryOut(std::move(effects));
}

template <typename Call>
bool PoolCore::performAndNotify(Call call)
{
    {
        const MutexLocker lock(m_mutex);
        if constexpr (std::is_void_v<std::invoke_result_t<Call, PoolMachine &>>)
            call(m_machine);
        else if (!call(m_machine))
            return false;
    }
    m_notifier.notify();
    return true;
}

} // namespace Tidepool
