// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/clientpool.h>
#include <tidepool/serverpool.h>

#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <QtQml/qqmlregistration.h>

namespace Dashboard {

class DelayLine;
class HostileClients;
class LabTraffic;

/// "Try it without a server": both ends, a service and its visitors in this process, over TLS on the loopback, and
/// buttons that cause problems.
///
/// The pools live in the GUI's thread, in which they do no I/O. Everything else of the lab lives in a separate thread.
class Lab : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("A session has one: use session.lab.")
    Q_PROPERTY(int load READ load WRITE setLoad NOTIFY loadChanged)
    Q_PROPERTY(int maximumLoad READ maximumLoad CONSTANT)
    Q_PROPERTY(int roundTripMs READ roundTripMs WRITE setRoundTripMs NOTIFY roundTripChanged)
    Q_PROPERTY(int maximumRoundTripMs READ maximumRoundTripMs CONSTANT)
    Q_PROPERTY(int minimumWarm READ minimumWarm WRITE setMinimumWarm NOTIFY minimumWarmChanged)
    Q_PROPERTY(int maximumWarm READ maximumWarm CONSTANT)
    Q_PROPERTY(bool running READ isRunning NOTIFY runningChanged)
    Q_PROPERTY(bool outage READ isOutage NOTIFY outageChanged)
    Q_PROPERTY(int outageLeftMs READ outageLeftMs NOTIFY outageLeftChanged)
    Q_PROPERTY(QString trouble READ trouble NOTIFY troubleChanged)
    Q_PROPERTY(bool hostile READ isHostile NOTIFY hostileChanged)

public:
    explicit Lab(QObject *parent = nullptr);
    ~Lab() override;

    [[nodiscard]] Tidepool::ClientPool *clientPool() { return &m_client; }
    [[nodiscard]] Tidepool::ServerPool *serverPool() { return &m_server; }
    /// Visitors a second, on average. Default: 20. Range: 0 to maximumLoad.
    [[nodiscard]] int load() const { return m_load; }
    void setLoad(int visitorsPerSecond);
    [[nodiscard]] int maximumLoad() const { return 200; }
    /// The simulated round trip time to the server. Default: 40 ms. Range: 0 to maximumRoundTripMs.
    [[nodiscard]] int roundTripMs() const { return m_roundTripMs; }
    void setRoundTripMs(int milliseconds);
    [[nodiscard]] int maximumRoundTripMs() const { return 300; }
    /// The minimum number of connections that the client keeps warm. Default: 8. Range: 1 to maximumWarm.
    [[nodiscard]] int minimumWarm() const { return m_client.minimumCapacity(); }
    void setMinimumWarm(int connections);
    [[nodiscard]] int maximumWarm() const { return 1'000; }
    [[nodiscard]] bool isRunning() const { return m_isRunning; }
    /// True while the server is unavailable.
    [[nodiscard]] bool isOutage() const { return m_isOutage; }
    /// The time until the server returns by itself, or 0 if it is available.
    [[nodiscard]] int outageLeftMs() const;
    /// Why an outage does not end, and what to do. Otherwise empty.
    [[nodiscard]] QString trouble() const { return m_trouble; }
    /// True while hostile clients are connected to the server.
    [[nodiscard]] bool isHostile() const { return m_isHostile; }

    [[nodiscard]] qint64 bytesDown() const;
    [[nodiscard]] qint64 bytesUp() const;
    [[nodiscard]] int visitors() const;

    /// On failure, returns the reason and what to do. On success, returns an empty string.
    Q_INVOKABLE QString start();
    Q_INVOKABLE void stop();
    /// Starts @p visitors visitors at the same moment.
    Q_INVOKABLE void burst(int visitors = 60);
    /// Closes the server, and restarts it after @p milliseconds.
    Q_INVOKABLE void beginOutage(int milliseconds = 8'000);
    /// Restarts the server. If that fails, see trouble(), the lab tries again every second.
    Q_INVOKABLE void endOutage();
    /// Starts @p clients hostile clients.
    Q_INVOKABLE void attack(int clients = 24);

Q_SIGNALS:
    void loadChanged();
    void roundTripChanged();
    void minimumWarmChanged();
    void runningChanged();
    void outageChanged();
    void outageLeftChanged();
    void troubleChanged();
    void hostileChanged();

private:
    /// Returns the reason why the server does not listen, or an empty string if it listens.
    [[nodiscard]] QString openServer();
    void setTrouble(const QString &trouble);

    Tidepool::ServerPool m_server;
    Tidepool::ClientPool m_client;
    QThread m_thread;
    // lives in the lab's thread, and is deleted in that thread
    DelayLine *m_line;
    LabTraffic *m_traffic;
    HostileClients *m_hostileClients;
    QTimer m_outageEnd;
    QTimer m_outageTick;
    QString m_trouble;
    int m_load = 20;
    int m_roundTripMs = 40;
    bool m_isRunning = false;
    bool m_isOutage = false;
    bool m_isHostile = false;
};

} // namespace Dashboard
