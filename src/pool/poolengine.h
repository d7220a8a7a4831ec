// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../supply/supply.h"
#include "poolcore.h"

#include <QtCore/QTimer>

namespace Tidepool {

/// The part of a pool in the I/O thread: its supply, its watcher, its deadlines.
///
/// Created in the facade's thread, moved to the I/O thread, and destroyed there.
class PoolEngine final : public QObject
{
    Q_OBJECT

public:
    PoolEngine(std::shared_ptr<PoolCore> core, std::unique_ptr<Supply> supply, PostToIoThread post);
    ~PoolEngine() override;

    void start(quint64 generation);
    /// Called when the demand or a deadline can have changed.
    void wake();
    void watchForCancel(const QFuture<void> &future, Waiters::Ticket ticket);
    [[nodiscard]] Supply &supply() { return *m_supply; }

private:
    void expire();
    void armDeadline();

    std::shared_ptr<PoolCore> m_core;
    std::unique_ptr<Supply> m_supply;
    PostToIoThread m_post;
    std::shared_ptr<Watcher> m_watcher;
    QTimer m_deadline;
};

} // namespace Tidepool
