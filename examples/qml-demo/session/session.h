// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "connectsettings.h"
#include "lab.h"
#include "throughput.h"

#include <QtQml/qqmlregistration.h>

#include <memory>

namespace Dashboard {

/// The object that the dashboard shows and controls: one pool, either the lab's pool or the pool of a tunnel client.
class Session : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    // The properties of this class import the names of the library, which would clash.
    Q_CLASSINFO("RegisterEnumClassesUnscoped", "false")
    Q_PROPERTY(Kind kind READ kind NOTIFY kindChanged)
    Q_PROPERTY(Tidepool::Pool *pool READ pool NOTIFY poolChanged)
    Q_PROPERTY(Tidepool::Pool *serverPool READ serverPool NOTIFY poolChanged)
    Q_PROPERTY(Dashboard::Lab *lab READ lab CONSTANT)
    Q_PROPERTY(Dashboard::ConnectSettings *settings READ settings CONSTANT)
    Q_PROPERTY(Dashboard::Throughput *throughput READ throughput CONSTANT)
    Q_PROPERTY(QString title READ title NOTIFY titleChanged)
    Q_PROPERTY(Tidepool::PoolStatus status READ status NOTIFY wordsChanged)
    Q_PROPERTY(Tidepool::PoolStatus serverStatus READ serverStatus NOTIFY wordsChanged)
    Q_PROPERTY(QString headline READ headline NOTIFY wordsChanged)
    Q_PROPERTY(QString advice READ advice NOTIFY wordsChanged)
    Q_PROPERTY(QString mistake READ mistake NOTIFY mistakeChanged)
    Q_PROPERTY(Severity severity READ severity NOTIFY wordsChanged)
    Q_PROPERTY(bool running READ isRunning NOTIFY wordsChanged)
    Q_PROPERTY(bool paused READ isPaused NOTIFY wordsChanged)
    Q_PROPERTY(bool canRetry READ canRetry NOTIFY wordsChanged)

public:
    enum class Kind : quint8 {
        Lab, ///< Both ends in this process.
        Tunnel, ///< A real tunnel to a server.
    };
    Q_ENUM(Kind)

    /// Determines the colour of the state.
    enum class Severity : quint8 {
        Resting,
        Busy,
        Good,
        Careful,
        Bad,
    };
    Q_ENUM(Severity)

    explicit Session(QObject *parent = nullptr);
    ~Session() override;

    [[nodiscard]] Kind kind() const { return m_kind; }
    /// Never null: a session starts with the lab's pool.
    [[nodiscard]] Tidepool::Pool *pool() const { return m_pool; }
    /// The server pool of the lab. Null for a tunnel, whose server is in another process.
    [[nodiscard]] Tidepool::Pool *serverPool();
    [[nodiscard]] Lab *lab() { return &m_lab; }
    [[nodiscard]] ConnectSettings *settings() { return &m_settings; }
    [[nodiscard]] Throughput *throughput() { return &m_throughput; }
    /// "Loopback lab" or "example.org:8443 to 127.0.0.1:3000".
    [[nodiscard]] QString title() const;
    /// The pool's metrics, updated as often as a person can follow.
    [[nodiscard]] Tidepool::PoolStatus status() const { return m_status; }
    /// The metrics of the lab's server, updated in the same way.
    [[nodiscard]] Tidepool::PoolStatus serverStatus() const { return m_serverStatus; }
    /// The state as text.
    [[nodiscard]] QString headline() const { return m_headline; }
    /// What the user can expect, or what to do.
    [[nodiscard]] QString advice() const { return m_advice; }
    /// Why the last start failed and what to do. Empty if it did not fail.
    [[nodiscard]] QString mistake() const { return m_mistake; }
    [[nodiscard]] Severity severity() const { return m_severity; }
    [[nodiscard]] bool isRunning() const;
    [[nodiscard]] bool isPaused() const;
    [[nodiscard]] bool canRetry() const;

    /// Ends the current lab or tunnel, and starts the lab.
    Q_INVOKABLE bool startLab();
    /// Ends the current lab or tunnel, and connects a tunnel with settings(). Returns false if the settings cannot
    /// work, see mistake().
    Q_INVOKABLE bool connectTunnel();
    /// Starts the stopped lab or tunnel again.
    Q_INVOKABLE bool start();
    Q_INVOKABLE void stop();
    Q_INVOKABLE void pause();
    Q_INVOKABLE void resume();
    Q_INVOKABLE void flush();
    /// Accepts no new takes. Ends when the current takes have ended, at most five seconds later.
    Q_INVOKABLE void drain();
    Q_INVOKABLE void retryNow();

Q_SIGNALS:
    void kindChanged();
    void poolChanged();
    void titleChanged();
    void wordsChanged();
    void mistakeChanged();
    /// A problem occurred that the pool does not know. @p sentence says what to do. Emitted once for each cause.
    void failed(const QString &sentence);

private:
    [[nodiscard]] Throughput::Totals totals();
    /// Why the tunnel's control channel is not up. Empty if it is up, or if no error has occurred yet.
    [[nodiscard]] QString linkTrouble() const;
    /// Why visitors of the tunnel do not reach its target. Empty if they do.
    [[nodiscard]] QString targetTrouble() const;
    [[nodiscard]] bool isTunnelDraining() const { return m_tunnel && m_tunnel->isDraining(); }
    void show(Kind kind, Tidepool::ClientPool *pool);
    void watch(Tidepool::Pool *pool);
    void updateWords();
    void overruleWords();
    void report(const QString &trouble);
    void setMistake(const QString &mistake);
    /// Restores what the last run of the same tunnel has learned.
    void restoreLevels(Tunnel::TunnelClient &client);
    /// Saves what this run has learned, for the next run.
    void keepLevels();
    void endTunnel();

    ConnectSettings m_settings;
    Lab m_lab;
    std::unique_ptr<Tunnel::TunnelClient> m_tunnel;
    QString m_tunnelTitle;
    Kind m_kind = Kind::Lab;
    Tidepool::ClientPool *m_pool = nullptr;
    Throughput m_throughput;
    QTimer m_refresh; // combines all changes within a tenth of a second
    QTimer m_keeper; // saves the levels of the tunnel's pool
    QTimer m_countdown; // runs while the pool waits for its next attempt
    Tidepool::PoolStatus m_status;
    Tidepool::PoolStatus m_serverStatus;
    QString m_headline;
    QString m_advice;
    QString m_mistake;
    Severity m_severity = Severity::Resting;
};

} // namespace Dashboard
