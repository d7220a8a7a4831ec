// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "../io/log.h"
#include "../supply/acceptor.h"
#include "pool_p.h"

#include <tidepool/serverpool.h>

#include <QtCore/QPointer>

#include <algorithm>
#include <optional>

namespace Tidepool {

class ServerPoolPrivate final : public PoolPrivate
{
    Q_OBJECT

public:
    ServerPoolPrivate() : PoolPrivate(true) { policy.limit = 65'536; }

    void applySettings(bool isNewEndpoint) override
    {
        settings.idFormat = idFormat;
        settings.timeouts = timeouts;
        settings.keepAlive = keepAlive;
        if (!isRunning())
            return;
        const auto tell = [this](std::optional<quint64> newGeneration) {
            inIoThread<Acceptor>([settings = settings, tls = tlsInUse, newGeneration](Acceptor &supply) {
                supply.setSettings(settings, tls, newGeneration);
            });
        };
        const bool isNew = isNewEndpoint && (applyTls() || idFormat != idFormatInUse);
        idFormatInUse = idFormat;
        if (isNew)
            core->flush(tell);
        else
            tell({});
    }

    /// If the TLS settings cannot be used, reports the error, keeps the settings in use, and returns false.
    bool applyTls()
    {
        const TlsConfiguration configuration = serverTlsConfiguration(tls, ownCertificate);
        if (!configuration.error) {
            tlsInUse = configuration;
            return true;
        }
        qCWarning(lcTidepool, "The new TLS settings are not used: %ls", qUtf16Printable(configuration.error.message()));
        core->setStartError(configuration.error);
        return false;
    }

    bool refuse(const PoolError &error)
    {
        core->setStartError(error);
        qCWarning(lcTidepool, "%ls", qUtf16Printable(error.message()));
        return false;
    }

    /// Closes the pool and checks whether the pool can start with its settings.
    bool prepare()
    {
        const QPointer<ServerPoolPrivate> alive(this);
        close();
        if (!alive || !canStart())
            return false;
        if (isRunning())
            return refuse({Phase::Accept, ErrorKind::Settings,
                           QStringLiteral("The pool was started again by something that close() has called.")});
        tlsInUse = serverTlsConfiguration(tls, ownCertificate);
        return !tlsInUse.error || refuse(tlsInUse.error);
    }

    bool listen(std::unique_ptr<Listener> listener, bool isListening)
    {
        if (!isListening)
            return refuse(listener->error());
        address = listener->serverAddress();
        port = listener->serverPort();
        applySettings(false);
        idFormatInUse = idFormat;
        if (!acquireIoThread())
            return false;
        auto acceptor = std::make_unique<Acceptor>(core, settings, tlsInUse, std::move(listener),
                                                   usesCallerThread || IoThread::count() == 1 ? nullptr : ioThread());
        open(std::move(acceptor), policy.limit, {});
        return true;
    }

    AcceptorSettings settings;
    QStringList allowedClients;
    TlsConfiguration tlsInUse;
    IdFormat idFormatInUse = IdFormat::Hex8;
    CertificateAndKey ownCertificate; // made only once, because clients have pinned it
    QHostAddress address = QHostAddress::Any;
    quint16 port = 0;
};

ServerPool::ServerPool(QObject *parent) : Pool(std::make_unique<ServerPoolPrivate>(), parent) {}

ServerPool::~ServerPool() = default;

ServerPoolPrivate *ServerPool::dd() const
{
    return static_cast<ServerPoolPrivate *>(d.get());
}

QStringList ServerPool::allowedClients() const
{
    return dd()->allowedClients;
}

bool ServerPool::setAllowedClients(const QStringList &clients)
{
    QString bad;
    const auto parsed = AllowedClients::parse(clients, &bad);
    if (!parsed) {
        qCWarning(
            lcTidepool,
            "\"%ls\" is neither an address nor a network such as 192.0.2.0/24; the allowed clients stay as they are.",
            qUtf16Printable(bad));
        return false;
    }
    dd()->settings.allowedClients = dd()->policy.allowedClients = *parsed;
    if (dd()->assign(dd()->allowedClients, clients)) {
        dd()->applyPolicy(); // for parked connections
        dd()->applySettings(false); // for connections to come, and for connections in progress
    }
    return true;
}

int ServerPool::maximumCapacity() const
{
    return dd()->policy.limit;
}

void ServerPool::setMaximumCapacity(int connections)
{
    if (dd()->assign(dd()->policy.limit, std::max(1, connections)))
        dd()->applyPolicy();
}

int ServerPool::maximumHandshakes() const
{
    return dd()->settings.maximumHandshakes;
}

void ServerPool::setMaximumHandshakes(int handshakes)
{
    if (dd()->assign(dd()->settings.maximumHandshakes, std::max(1, handshakes)))
        dd()->applySettings(false);
}

bool ServerPool::reservesControlId() const
{
    return dd()->settings.reservesControlId;
}

void ServerPool::setReservesControlId(bool reserves)
{
    if (dd()->assign(dd()->settings.reservesControlId, reserves))
        dd()->applySettings(false);
}

Overflow ServerPool::overflow() const
{
    return dd()->policy.overflow;
}

void ServerPool::setOverflow(Overflow overflow)
{
    if (dd()->assign(dd()->policy.overflow, overflow))
        dd()->applyPolicy();
}

bool ServerPool::listen(const QHostAddress &address, quint16 port)
{
    if (!dd()->prepare())
        return false;
    auto listener = std::make_unique<Listener>();
    const bool isListening = listener->listenOn(address, port);
    return dd()->listen(std::move(listener), isListening);
}

bool ServerPool::adopt(qintptr descriptor)
{
    if (!dd()->prepare())
        return false;
    auto listener = std::make_unique<Listener>();
    const bool isListening = listener->adopt(descriptor);
    return dd()->listen(std::move(listener), isListening);
}

void ServerPool::start()
{
    if (!dd()->isRunning())
        listen(dd()->address, dd()->port);
}

bool ServerPool::isListening() const
{
    return dd()->isRunning();
}

QHostAddress ServerPool::serverAddress() const
{
    return isListening() ? dd()->address : QHostAddress();
}

quint16 ServerPool::serverPort() const
{
    return isListening() ? dd()->port : quint16(0);
}

QSslCertificate ServerPool::certificate() const
{
    return dd()->tlsInUse.ssl.localCertificate();
}

} // namespace Tidepool

#include "serverpool.moc"
