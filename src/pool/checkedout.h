// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#include <utility>

namespace Tidepool {

class PoolMachine;
struct Entry;

/// A connection that is checked out of the idle store, for an examination or a take.
///
/// The holder can use the entry without the mutex (except for Entry::hasNews). The holder ends the checkout with
/// exactly one call of PoolMachine that parks, leases, evicts or drops the connection, under the mutex. If a CheckedOut
/// is destroyed before that call, the pool evicts the connection later with the cause PeerClosed, and a debug build
/// asserts. The destructor can run in any thread.
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
