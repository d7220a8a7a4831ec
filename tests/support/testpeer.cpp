// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/testpeer.h"

#include "support/reservedport.h"

#include <QtCore/QTimer>
#include <QtCore/QtEndian>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpServer>

#include <openssl/crypto.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

using Tidepool::ConnectionId;

namespace TestSupport {

PeerScript PeerScript::sending(const QByteArray &text, Then then)
{
    PeerScript script;
    script.greeting = Greeting::Text;
    script.text = text;
    script.then = then;
    return script;
}

PeerScript PeerScript::silent()
{
    PeerScript script;
    script.greeting = Greeting::Nothing;
    script.then = Then::Listen;
    return script;
}

PeerScript PeerScript::ending(Then then)
{
    PeerScript script;
    script.greeting = Greeting::Nothing;
    script.then = then;
    return script;
}

PeerScript PeerScript::echoing(bool encrypted)
{
    return encrypted ? overTls(selfSigned()) : PeerScript();
}

PeerScript PeerScript::overTls(const Credentials &credentials, Greeting greeting)
{
    PeerScript script;
    script.tls = credentials;
    script.greeting = greeting;
    return script;
}

namespace {

struct Visitor
{
    QSslSocket *socket = nullptr;
    ConnectionId id;
    QByteArray received;
    PeerScript script;
    bool isOpen = true;
    bool isWaiting = false; ///< PeerScript::delay has begun.
    bool isGreeted = false;
    bool isReading = true;
};

void abortWithReset(QSslSocket *socket)
{
    const linger now{1, 0};
    setsockopt(static_cast<int>(socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket->abort();
}

} // namespace

class TestPeer::Worker : public QTcpServer
{
public:
    PeerScript script;
    QList<std::shared_ptr<Visitor>> visitors;
    QList<QHostAddress> clients;
    QList<QSslCertificate> clientCertificates;
    QHostAddress address;
    std::optional<ReservedPort> reserved; ///< The port is the peer's also while it does not listen.
    quint32 nextId = 1;
    int mostUngreeted = 0;
    bool isBusy = false; ///< PeerScript::oneAtATime: with one that is not greeted yet.
    QList<qintptr> untouched; ///< Meanwhile.

    bool startListening()
    {
        setProxy(QNetworkProxy::NoProxy);
        setListenBacklogSize(1'024);
        if (!reserved)
            reserved.emplace(address);
        return reserved->port() != 0 && listen(address, reserved->port());
    }

    /// The call of a test may overtake the notifier.
    void acceptPending()
    {
        if (isListening())
            (void)waitForNewConnection(0); // and all behind it
    }

    void stopAll()
    {
        close();
        for (const auto &visitor : visitors)
            delete visitor->socket;
        visitors.clear();
        for (const qintptr descriptor : std::as_const(untouched))
            ::close(static_cast<int>(descriptor));
        untouched.clear();
    }

    void greetWaiting()
    {
        for (const auto &visitor : std::as_const(visitors))
            greet(visitor);
    }

    [[nodiscard]] std::shared_ptr<Visitor> find(ConnectionId id) const
    {
        for (const auto &visitor : visitors) {
            if (visitor->id == id && visitor->id.isValid())
                return visitor;
        }
        return {};
    }

    static void read(Visitor &visitor, bool echoes)
    {
        if (!visitor.isReading)
            return;
        const QByteArray bytes = visitor.socket->readAll();
        visitor.received += bytes;
        if (echoes)
            visitor.socket->write(bytes);
    }

protected:
    void incomingConnection(qintptr descriptor) override
    {
        if (isBusy)
            untouched.append(descriptor);
        else
            receive(descriptor);
    }

private:
    void receive(qintptr descriptor)
    {
        auto visitor = std::make_shared<Visitor>();
        auto *socket = new QSslSocket(this);
        visitor->socket = socket;
        visitor->script = script;
        socket->setProxy(QNetworkProxy::NoProxy);
        socket->setSocketDescriptor(descriptor);
        clients.append(socket->peerAddress());
        visitors.append(visitor);
        const auto isOpen = [](const auto &other) { return other->isOpen; };
        const bool isFull = script.atMost >= 0 && std::ranges::count_if(visitors, isOpen) > script.atMost;
        if (isFull || (script.serve >= 0 && visitors.size() > script.serve)) {
            visitor->isOpen = false;
            socket->abort();
            return;
        }
        mostUngreeted = std::max(mostUngreeted, static_cast<int>(std::ranges::count_if(visitors, [](const auto &other) {
                                     return other->isOpen && !other->isGreeted;
                                 })));

        if (script.oneAtATime) {
            isBusy = true;
            connect(socket, &QSslSocket::disconnected, this, [this, visitor] {
                if (!visitor->isGreeted)
                    receiveNext();
            });
        }
        const bool echoes = script.then == PeerScript::Then::Echo;
        connect(socket, &QSslSocket::readyRead, socket, [visitor, echoes] { read(*visitor, echoes); });
        connect(socket, &QSslSocket::disconnected, socket, [visitor] { visitor->isOpen = false; });

        const auto greetLater = [this, visitor] {
            if (!socketCertificate(visitor).isNull())
                clientCertificates.append(socketCertificate(visitor));
            visitor->isWaiting = true;
            if (visitor->script.delay.count() == 0)
                greet(visitor);
            else
                QTimer::singleShot(visitor->script.delay, visitor->socket, [this, visitor] { greet(visitor); });
        };
        if (!script.tls) {
            greetLater();
            return;
        }
        QSslConfiguration configuration;
        configuration.setLocalCertificateChain(script.tls->chain);
        configuration.setPrivateKey(script.tls->key);
        configuration.setProtocol(script.protocol);
        configuration.setCaCertificates(script.clientAuthorities);
        configuration.setPeerVerifyMode(script.clientAuthorities.isEmpty() ? QSslSocket::VerifyNone
                                                                           : QSslSocket::VerifyPeer);
        socket->setSslConfiguration(configuration);
        connect(socket, &QSslSocket::encrypted, socket, greetLater);
        socket->startServerEncryption();
    }

    void receiveNext()
    {
        isBusy = false;
        if (!untouched.isEmpty())
            receive(untouched.takeFirst());
    }

    static QSslCertificate socketCertificate(const std::shared_ptr<Visitor> &visitor)
    {
        return visitor->socket->peerCertificate();
    }

    void greet(const std::shared_ptr<Visitor> &visitor)
    {
        if (!std::exchange(visitor->isWaiting, false))
            return;
        const PeerScript &theScript = visitor->script;
        visitor->isGreeted = true;
        QByteArray bytes;
        switch (theScript.greeting) {
        case PeerScript::Greeting::Hex8:
            visitor->id = ConnectionId(nextId++);
            bytes = visitor->id.toString().toLatin1();
            break;
        case PeerScript::Greeting::Raw4:
            visitor->id = ConnectionId(nextId++);
            bytes.resize(4);
            qToBigEndian(visitor->id.value(), bytes.data());
            break;
        case PeerScript::Greeting::Text:
            bytes = theScript.text;
            break;
        case PeerScript::Greeting::Nothing:
            break;
        }
        bytes += theScript.behind;
        if (visitor->isOpen)
            visitor->socket->write(bytes);
        if (theScript.oneAtATime && visitor->isOpen)
            QMetaObject::invokeMethod(
                this, [this] { receiveNext(); }, Qt::QueuedConnection);
        if (theScript.life.count() >= 0)
            QTimer::singleShot(theScript.life, visitor->socket, [visitor] { visitor->socket->disconnectFromHost(); });
        // From a queued call: this may run inside the socket's own signal.
        if (theScript.then == PeerScript::Then::Close)
            QTimer::singleShot(0, visitor->socket, [visitor] { visitor->socket->disconnectFromHost(); });
        else if (theScript.then == PeerScript::Then::Reset)
            QTimer::singleShot(0, visitor->socket, [visitor] { abortWithReset(visitor->socket); });
    }
};

TestPeer::TestPeer(const PeerScript &script, const QHostAddress &address) : m_worker(std::make_unique<Worker>())
{
    m_worker->script = script;
    m_worker->address = address;
    m_worker->moveToThread(&m_thread);
    m_thread.setObjectName(QStringLiteral("TestPeer"));
    m_thread.start();
    call([this] {
        if (!m_worker->startListening())
            qFatal("TestPeer cannot listen: %s", qPrintable(m_worker->errorString()));
        m_port = m_worker->serverPort();
    });
}

TestPeer::~TestPeer()
{
    call([this] { m_worker->stopAll(); });
    // OpenSSL would free what it keeps for this thread a moment after wait() has returned, when the program may be
    // about to end and frees it, too.
    call([] { OPENSSL_thread_stop(); });
    m_thread.quit();
    m_thread.wait();
}

void TestPeer::call(const std::function<void()> &action) const
{
    // A mutex of the standard library, which ThreadSanitizer understands, and not BlockingQueuedConnection.
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::unique_lock lock(mutex);
    QMetaObject::invokeMethod(
        m_worker.get(),
        [&] {
            const std::lock_guard guard(mutex);
            action();
            done = true;
            changed.notify_one();
        },
        Qt::QueuedConnection);
    changed.wait(lock, [&] { return done; });
}

void TestPeer::setScript(const PeerScript &script)
{
    call([&] { m_worker->script = script; });
}

void TestPeer::stopListening()
{
    call([&] {
        m_worker->acceptPending(); // they are open, and stay
        m_worker->QTcpServer::close();
    });
}

bool TestPeer::listenAgain()
{
    bool listens = false;
    call([&] { listens = m_worker->startListening(); });
    return listens;
}

int TestPeer::accepted() const
{
    int count = 0;
    call([&] {
        m_worker->acceptPending();
        count = static_cast<int>(m_worker->visitors.size());
    });
    return count;
}

int TestPeer::open() const
{
    int count = 0;
    call([&] {
        m_worker->acceptPending();
        count = static_cast<int>(std::ranges::count_if(m_worker->visitors, [](const auto &v) { return v->isOpen; }));
    });
    return count;
}

int TestPeer::mostUngreeted() const
{
    int most = 0;
    call([&] { most = m_worker->mostUngreeted; });
    return most;
}

QList<ConnectionId> TestPeer::ids() const
{
    QList<ConnectionId> ids;
    call([&] {
        for (const auto &visitor : m_worker->visitors) {
            if (visitor->id.isValid())
                ids.append(visitor->id);
        }
    });
    return ids;
}

QList<ConnectionId> TestPeer::openIds() const
{
    QList<ConnectionId> ids;
    call([&] {
        for (const auto &visitor : m_worker->visitors) {
            if (visitor->id.isValid() && visitor->isOpen)
                ids.append(visitor->id);
        }
    });
    return ids;
}

QList<QHostAddress> TestPeer::clients() const
{
    QList<QHostAddress> clients;
    call([&] { clients = m_worker->clients; });
    return clients;
}

QList<QSslCertificate> TestPeer::clientCertificates() const
{
    QList<QSslCertificate> certificates;
    call([&] { certificates = m_worker->clientCertificates; });
    return certificates;
}

QByteArray TestPeer::received(ConnectionId id) const
{
    QByteArray bytes;
    call([&] {
        if (const auto visitor = m_worker->find(id))
            bytes = visitor->received;
    });
    return bytes;
}

void TestPeer::greetWaiting()
{
    call([&] { m_worker->greetWaiting(); });
}

void TestPeer::send(ConnectionId id, const QByteArray &bytes)
{
    call([&] {
        if (const auto visitor = m_worker->find(id)) {
            visitor->socket->write(bytes);
            visitor->socket->flush();
        }
    });
}

void TestPeer::stopReading(ConnectionId id)
{
    call([&] {
        if (const auto visitor = m_worker->find(id)) {
            visitor->isReading = false;
            visitor->socket->setReadBufferSize(1);
        }
    });
}

void TestPeer::startReading(ConnectionId id)
{
    call([&] {
        if (const auto visitor = m_worker->find(id)) {
            visitor->isReading = true;
            visitor->socket->setReadBufferSize(0);
            Worker::read(*visitor, false);
        }
    });
}

void TestPeer::close(ConnectionId id)
{
    call([&] {
        if (const auto visitor = m_worker->find(id))
            visitor->socket->disconnectFromHost();
    });
}

void TestPeer::reset(ConnectionId id)
{
    call([&] {
        if (const auto visitor = m_worker->find(id))
            abortWithReset(visitor->socket);
    });
}

void TestPeer::closeAll()
{
    call([&] {
        for (const auto &visitor : m_worker->visitors)
            visitor->socket->disconnectFromHost();
    });
}

void TestPeer::resetAll()
{
    call([&] {
        for (const auto &visitor : m_worker->visitors) {
            if (visitor->isOpen)
                abortWithReset(visitor->socket);
        }
    });
}

} // namespace TestSupport
