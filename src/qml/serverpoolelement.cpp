// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "serverpoolelement.h"

#include "milliseconds.h"

#include <QtQml/qqmlinfo.h>

#include <utility>

namespace Tidepool::Qml {

ServerPoolElement::ServerPoolElement(QObject *parent) : ServerPool(parent), m_switch(*this)
{
    connect(&m_switch, &RunSwitch::changed, this, &ServerPoolElement::runningChanged);
    // this signal also follows every end of the pool
    connect(&m_switch, &RunSwitch::changed, this, &ServerPoolElement::publishPort);
    connect(&m_summary, &PoolSummary::stateTextChanged, this, &ServerPoolElement::stateTextChanged);
    connect(&m_summary, &PoolSummary::lastErrorTextChanged, this, &ServerPoolElement::lastErrorTextChanged);
    m_summary.setPool(this);
}

void ServerPoolElement::setListenAddress(const QString &address)
{
    if (address == m_listenAddress)
        return;
    m_listenAddress = address;
    emit listenAddressChanged();
}

void ServerPoolElement::setListenPort(int port)
{
    if (port < 0 || port > 65'535) {
        qmlWarning(this) << "listenPort must be 0 to 65535, not " << port;
        return;
    }
    if (port == m_listenPort)
        return;
    m_listenPort = port;
    emit listenPortChanged();
}

int ServerPoolElement::leaseThresholdMs() const
{
    return static_cast<int>(leaseThreshold().count());
}

void ServerPoolElement::setLeaseThresholdMs(double milliseconds)
{
    setLeaseThreshold(fromMs(milliseconds));
}

QString ServerPoolElement::lastErrorText() const
{
    return m_addressError.isEmpty() ? m_summary.lastErrorText() : m_addressError;
}

void ServerPoolElement::start()
{
    if (isListening())
        return;
    const QHostAddress address(m_listenAddress);
    setAddressError(address.isNull()
                        ? QStringLiteral("listenAddress must be an IP address, not \"%1\".").arg(m_listenAddress)
                        : QString());
    if (address.isNull())
        return;
    listen(address, static_cast<quint16>(m_listenPort));
    m_summary.update(); // the pool emits no signal for a failure to listen
    m_switch.publish();
    publishPort();
}

void ServerPoolElement::drain(double deadlineMs)
{
    ServerPool::drain(fromMs(deadlineMs));
}

void ServerPoolElement::classBegin()
{
    m_switch.begin();
}

void ServerPoolElement::componentComplete()
{
    m_switch.complete();
}

void ServerPoolElement::publishPort()
{
    if (std::exchange(m_publishedPort, serverPortNumber()) != serverPortNumber())
        emit serverPortChanged();
}

void ServerPoolElement::setAddressError(const QString &error)
{
    if (error == m_addressError)
        return;
    m_addressError = error;
    if (!error.isEmpty())
        qmlWarning(this) << error;
    emit lastErrorTextChanged();
}

} // namespace Tidepool::Qml
