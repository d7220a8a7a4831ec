// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "clientpoolelement.h"

#include "milliseconds.h"

#include <QtQml/qqmlinfo.h>

#include <algorithm>

namespace Tidepool::Qml {

ClientPoolElement::ClientPoolElement(QObject *parent) : ClientPool(parent), m_switch(*this)
{
    connect(&m_switch, &RunSwitch::changed, this, &ClientPoolElement::runningChanged);
    connect(&m_summary, &PoolSummary::stateTextChanged, this, &ClientPoolElement::stateTextChanged);
    connect(&m_summary, &PoolSummary::lastErrorTextChanged, this, &ClientPoolElement::lastErrorTextChanged);
    m_summary.setPool(this);
}

void ClientPoolElement::setPortNumber(int port)
{
    if (port < 0 || port > 65'535)
        qmlWarning(this) << "port must be 1 to 65535, not " << port;
    else
        setPort(static_cast<quint16>(port));
}

int ClientPoolElement::leaseThresholdMs() const
{
    return static_cast<int>(leaseThreshold().count());
}

void ClientPoolElement::setLeaseThresholdMs(double milliseconds)
{
    setLeaseThreshold(fromMs(milliseconds));
}

QUrl ClientPoolElement::proxyUrl() const
{
    const QNetworkProxy current = proxy();
    if (current.type() != QNetworkProxy::Socks5Proxy && current.type() != QNetworkProxy::HttpProxy)
        return {};
    QUrl url;
    url.setScheme(current.type() == QNetworkProxy::Socks5Proxy ? QStringLiteral("socks5") : QStringLiteral("http"));
    url.setHost(current.hostName());
    url.setPort(current.port());
    url.setUserName(current.user());
    return url;
}

void ClientPoolElement::setProxyUrl(const QUrl &url)
{
    if (url.isEmpty())
        return setProxy(QNetworkProxy::NoProxy);
    const bool isSocks = url.scheme() == QStringView(u"socks5");
    if ((!isSocks && url.scheme() != QStringView(u"http")) || url.host().isEmpty()) {
        qmlWarning(this) << "proxyUrl must be socks5://host:port or http://host:port, not "
                         << url.toDisplayString(QUrl::RemoveUserInfo);
        return;
    }
    setProxy(QNetworkProxy(isSocks ? QNetworkProxy::Socks5Proxy : QNetworkProxy::HttpProxy, url.host(),
                           static_cast<quint16>(url.port(isSocks ? 1'080 : 3'128)), url.userName(), url.password()));
}

QString ClientPoolElement::localAddress() const
{
    return sourceAddress().toString();
}

void ClientPoolElement::setLocalAddress(const QString &address)
{
    const QHostAddress parsed(address);
    if (parsed.isNull() && !address.isEmpty())
        qmlWarning(this) << "localAddress must be an IP address, not " << address;
    else
        setSourceAddress(parsed);
}

void ClientPoolElement::expect(int connections, double withinMs)
{
    ClientPool::expect(connections, fromMs(withinMs));
}

QString ClientPoolElement::levelsText() const
{
    return QString::fromUtf8(levels().toText());
}

bool ClientPoolElement::setLevelsText(const QString &text)
{
    QString problem;
    const std::optional<SizingLevels> levels =
        text.isEmpty() ? SizingLevels() : SizingLevels::fromText(text.toUtf8(), &problem);
    if (levels)
        setLevels(*levels);
    else
        qmlWarning(this) << "The text is not what levelsText() was: " << problem;
    return levels.has_value();
}

void ClientPoolElement::drain(double deadlineMs)
{
    ClientPool::drain(fromMs(deadlineMs));
}

void ClientPoolElement::classBegin()
{
    m_switch.begin();
}

void ClientPoolElement::componentComplete()
{
    m_switch.complete();
}

} // namespace Tidepool::Qml
