// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/iothread.h"
#include "poolcore.h"
#include "poolengine.h"

#include <QtCore/QPointer>
#include <QtCore/QTimer>

namespace Tidepool {

/// What the facades keep: the settings, the last published metrics, the ways to core and I/O thread.
class PoolPrivate : public QObject
{
    Q_OBJECT

public:
    explicit PoolPrivate(bool isServer);
    ~PoolPrivate() override;

    /// Assigns and tells, if @p value is new. True if it was, and whoever was told has not destroyed the pool.
    template <typename T>
    bool assign(T &setting, const T &value)
    {
        if constexpr (requires { setting == value; }) {
            if (setting == value)
                return false;
        }
        setting = value;
        const QPointer<PoolPrivate> alive(this);
        emit q->settingsChanged();
        return alive;
    }

    /// Passes changed settings on to the I/O thread. @p isNewEndpoint: what a connection is has changed.
    virtual void applySettings(bool isNewEndpoint) = 0;

    [[nodiscard]] bool isRunning() const { return m_engine != nullptr; }
    /// False, and lastError() says why, if there is no application object.
    [[nodiscard]] bool canStart();
    /// False if the system has nothing left to run it with; lastError() says so.
    bool open(std::unique_ptr<Supply> supply, int capacity, std::chrono::milliseconds interval);
    void close();
    void drain(std::chrono::milliseconds deadline);
    void applyPolicy();
    /// Runs @p task in the I/O thread with the supply, if the pool runs.
    template <typename ConcreteSupply, typename Task>
    void inIoThread(Task task)
    {
        if (!isRunning())
            return;
        m_ioThread->post([engine = m_engine, task = std::move(task)] {
            if (engine)
                task(static_cast<ConcreteSupply &>(engine->supply()));
        });
    }

    Pool *q = nullptr;
    std::shared_ptr<PoolCore> core = std::make_shared<PoolCore>();
    CorePolicy policy;
    TlsOptions tls;
    IdFormat idFormat = IdFormat::Hex8;
    Timeouts timeouts;
    KeepAlive keepAlive;
    bool flushesOnErrors = true;
    bool usesCallerThread = false;

protected:
    void customEvent(QEvent *event) override;

private:
    static void closeWithThread(const std::shared_ptr<PoolCore> &core, const QPointer<PoolEngine> &engine);
    [[nodiscard]] bool acquireIoThread();
    [[nodiscard]] bool refuseStart(ErrorKind kind, const QString &problem);
    void abandon();
    void endFrame();
    void publish();
    void flushForErrors(const PoolStatus &status);
    void signalEvents();

    std::shared_ptr<IoThread> m_ioThread;
    QPointer<PoolEngine> m_engine; // in the I/O thread; only looked into there
    PoolStatus m_published;
    bool m_isReadyPublished = false;
    QTimer m_drainTimer;
    QTimer m_frame;
    std::optional<std::chrono::steady_clock::time_point> m_flushedForErrors;
};

} // namespace Tidepool
