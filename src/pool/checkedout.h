// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <utility>

namespace Tidepool {

class PoolMachine;
struct Entry;

/// A connection that is out of the idle store, for an examination or a take.
///
/// Whoever holds it may use the entry without the mutex (but for Entry::hasNews). It ends in exactly one call of
/// PoolMachine that parks, leases, evicts or drops the connection, under the mutex. One that is destroyed before is
/// evicted later, as closed by its peer; a debug build asserts. The destructor may run in any thread.
class CheckedOut
{
public:
    CheckedOut() = default;
    ~CheckedOut() { reset(); }
    CheckedOut(CheckedOut &&other) noexcept : m_machine(other.m_machine), m_entry(std::exchange(other.m_entry, nullptr))
    {}
    CheckedOut &operator=(CheckedOut &&other) noexcept
    {
        if (this != &other) {
            reset();
            m_machine = other.m_machine;
            m_entry = std::exchange(other.m_entry, nullptr);
        }
        return *this;
    }
    Q_DISABLE_COPY(CheckedOut)

    explicit operator bool() const { return m_entry; }
    Entry *operator->() const { return m_entry; }
    Entry &operator*() const { return *m_entry; }

private:
    friend class PoolMachine;
    CheckedOut(PoolMachine *machine, Entry *entry) : m_machine(machine), m_entry(entry) {}
    void reset();

    PoolMachine *m_machine = nullptr;
    Entry *m_entry = nullptr;
};

} // namespace Tidepool
