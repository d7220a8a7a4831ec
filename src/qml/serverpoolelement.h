// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "poolsummary.h"
#include "runswitch.h"

#include <tidepool/serverpool.h>

#include <QtQml/QQmlParserStatus>
#include <QtQml/qqml.h>

namespace Tidepool::Qml {

/// QML's ServerPool: Tidepool::ServerPool, with properties for settings that C++ sets in other ways.
class ServerPoolElement : public Tidepool::ServerPool, public QQmlParserStatus
{
    Q_OBJECT
    QML_NAMED_ELEMENT(ServerPool)
    Q_INTERFACES(QQmlParserStatus)
    Q_PROPERTY(bool running READ isRunning WRITE setRunning NOTIFY runningChanged FINAL)
    Q_PROPERTY(QString listenAddress READ listenAddress WRITE setListenAddress NOTIFY listenAddressChanged FINAL)
    Q_PROPERTY(int listenPort READ listenPort WRITE setListenPort NOTIFY listenPortChanged FINAL)
    Q_PROPERTY(int serverPort READ serverPortNumber NOTIFY serverPortChanged FINAL)
    Q_PROPERTY(double leaseThresholdMs READ leaseThresholdMs WRITE setLeaseThresholdMs NOTIFY settingsChanged FINAL)
    Q_PROPERTY(QString stateText READ stateText NOTIFY stateTextChanged FINAL)
    Q_PROPERTY(QString lastErrorText READ lastErrorText NOTIFY lastErrorTextChanged FINAL)

public:
    explicit ServerPoolElement(QObject *parent = nullptr);

    /// True listens and starts when the component is complete. False closes the pool. Default: false. If the pool
    /// cannot listen, the value stays false, and lastErrorText says why.
    [[nodiscard]] bool isRunning() const { return m_switch.isOn(); }
    void setRunning(bool running) { m_switch.set(running); }
    /// An IP address. "0.0.0.0" and "::" mean all addresses of this machine. A change applies at the next start.
    /// Default: "127.0.0.1".
    [[nodiscard]] QString listenAddress() const { return m_listenAddress; }
    void setListenAddress(const QString &address);
    /// 1 to 65535, or 0 (default): any free port, see serverPort. A change applies at the next start.
    [[nodiscard]] int listenPort() const { return m_listenPort; }
    void setListenPort(int port);
    /// The port on which the pool listens, or 0 if it does not listen.
    [[nodiscard]] int serverPortNumber() const { return serverPort(); }
    /// Pool::leaseThreshold() in milliseconds. Default: 0, never.
    [[nodiscard]] int leaseThresholdMs() const;
    void setLeaseThresholdMs(double milliseconds);
    /// See PoolSummary.
    [[nodiscard]] QString stateText() const { return m_summary.stateText(); }
    [[nodiscard]] QString lastErrorText() const;

    /// Listens on listenAddress and listenPort.
    void start() override;
    /// Pool::drain() with the deadline in milliseconds.
    Q_INVOKABLE void drain(double deadlineMs = 5'000);

    void classBegin() override;
    void componentComplete() override;

Q_SIGNALS:
    void runningChanged();
    void listenAddressChanged();
    void listenPortChanged();
    void serverPortChanged();
    void stateTextChanged();
    void lastErrorTextChanged();

private:
    void publishPort();
    void setAddressError(const QString &error);

    RunSwitch m_switch;
    PoolSummary m_summary;
    QString m_listenAddress = QStringLiteral("127.0.0.1");
    int m_listenPort = 0;
    int m_publishedPort = 0;
    QString m_addressError;
};

} // namespace Tidepool::Qml
