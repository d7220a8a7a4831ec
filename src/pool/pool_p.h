// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/iothread.h"
#include "poolcore.h"
#include "poolengine.h"

#include <QtCore/QPointer>
#include <QtCore/QTimer>

namespace Tidepool {

/// The private part of the facades: the settings, the last published metrics, and the pointers to the core and the I/O
/// thread.
class PoolPrivate : public QObject
{
    Q_OBJECT

public:
    explicit PoolPrivate(bool isServer);
    ~PoolPrivate() override;

    /// If @p value is new, assigns it and emits the signal. Returns true if the value was new and no slot has destroyed
    /// the pool.
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

    /// Passes changed settings to the I/O thread. @p isNewEndpoint: true if the change affects what a connection is.
    virtual void applySettings(bool isNewEndpoint) = 0;

    [[nodiscard]] bool isRunning() const { return m_engine != nullptr; }
    /// Returns false and sets lastError() if there is no application object.
    [[nodiscard]] bool canStart();
    /// Returns false and sets lastError() if the system has no resources to run the pool. Call this before open().
    [[nodiscard]] bool acquireIoThread();
    void open(std::unique_ptr<Supply> supply, int capacity, std::chrono::milliseconds interval);
    void close();
    void drain(std::chrono::milliseconds deadline);
    void applyPolicy();
    /// If the pool runs, runs @p task in the I/O thread with the supply.
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
    [[nodiscard]] const std::shared_ptr<IoThread> &ioThread() const { return m_ioThread; }
    void customEvent(QEvent *event) override;

private:
    static void closeWithThread(const std::shared_ptr<PoolCore> &core, const QPointer<PoolEngine> &engine);
    void endEngine();
    [[nodiscard]] bool refuseStart(ErrorKind kind, const QString &problem);
    void abandon();
    void endFrame();
    void publish();
    void flushForErrors(const PoolStatus &status);
    void signalEvents();

    std::shared_ptr<IoThread> m_ioThread;
    QPointer<PoolEngine> m_engine; // lives in the I/O thread, and only that thread reads it
    PoolStatus m_published;
    bool m_isReadyPublished = false;
    QTimer m_drainTimer;
    QTimer m_frame;
    std::optional<std::chrono::steady_clock::time_point> m_flushedForErrors;
};

} // namespace Tidepool
