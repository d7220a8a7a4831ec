// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "poolsummary.h"
#include "runswitch.h"

#include <tidepool/clientpool.h>

#include <QtCore/QUrl>
#include <QtQml/QQmlParserStatus>
#include <QtQml/qqml.h>

namespace Tidepool::Qml {

/// QML's ClientPool: Tidepool::ClientPool, with properties for settings that C++ sets in other ways.
class ClientPoolElement : public Tidepool::ClientPool, public QQmlParserStatus
{
    Q_OBJECT
    QML_NAMED_ELEMENT(ClientPool)
    Q_INTERFACES(QQmlParserStatus)
    Q_PROPERTY(bool running READ isRunning WRITE setRunning NOTIFY runningChanged FINAL)
    // QML does not support 16-bit numbers.
    Q_PROPERTY(int port READ portNumber WRITE setPortNumber NOTIFY settingsChanged FINAL)
    Q_PROPERTY(double leaseThresholdMs READ leaseThresholdMs WRITE setLeaseThresholdMs NOTIFY settingsChanged FINAL)
    Q_PROPERTY(QUrl proxyUrl READ proxyUrl WRITE setProxyUrl NOTIFY settingsChanged FINAL)
    Q_PROPERTY(QString localAddress READ localAddress WRITE setLocalAddress NOTIFY settingsChanged FINAL)
    Q_PROPERTY(QString stateText READ stateText NOTIFY stateTextChanged FINAL)
    Q_PROPERTY(QString lastErrorText READ lastErrorText NOTIFY lastErrorTextChanged FINAL)

public:
    explicit ClientPoolElement(QObject *parent = nullptr);

    /// True starts the pool, at the earliest when its component is complete or a drain is over. False closes the pool.
    /// Default: false.
    [[nodiscard]] bool isRunning() const { return m_switch.isOn(); }
    void setRunning(bool running) { m_switch.set(running); }
    /// ClientPool::port(). A number outside the range changes nothing, and a warning is logged.
    [[nodiscard]] int portNumber() const { return port(); }
    void setPortNumber(int port);
    /// Pool::leaseThreshold() in milliseconds. Default: 0, never.
    [[nodiscard]] int leaseThresholdMs() const;
    void setLeaseThresholdMs(double milliseconds);
    /// "socks5://user:password@host:1080" or "http://host:3128". Empty (default): no proxy. The getter omits the
    /// password.
    [[nodiscard]] QUrl proxyUrl() const;
    void setProxyUrl(const QUrl &url);
    /// ClientPool::sourceAddress() as text. Default: empty, the system chooses the address.
    [[nodiscard]] QString localAddress() const;
    void setLocalAddress(const QString &address);
    /// See PoolSummary.
    [[nodiscard]] QString stateText() const { return m_summary.stateText(); }
    [[nodiscard]] QString lastErrorText() const { return m_summary.lastErrorText(); }

    /// ClientPool::expect() with the time in milliseconds.
    Q_INVOKABLE void expect(int connections, double withinMs);
    /// ClientPool::levels() as text, for a Settings element or a file.
    Q_INVOKABLE [[nodiscard]] QString levelsText() const;
    /// ClientPool::setLevels() with a text from levelsText(). An empty text makes the pool forget. For any other text,
    /// returns false, logs a warning with the reason, and changes nothing.
    Q_INVOKABLE bool setLevelsText(const QString &text);
    /// Pool::drain() with the deadline in milliseconds.
    Q_INVOKABLE void drain(double deadlineMs = 5'000);

    void classBegin() override;
    void componentComplete() override;

Q_SIGNALS:
    void runningChanged();
    void stateTextChanged();
    void lastErrorTextChanged();

private:
    RunSwitch m_switch;
    PoolSummary m_summary;
};

} // namespace Tidepool::Qml
