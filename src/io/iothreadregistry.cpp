// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "iothreadregistry.h"

#include "descriptorlimit.h"
#include "iothreadmailbox.h"

#include <QtCore/QCoreApplication>

#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>

namespace Tidepool {

// --- The thread

IoThread::Thread::Thread(std::shared_ptr<IoThreadMailbox> mailbox) : m_mailbox(std::move(mailbox))
{
    setObjectName(QStringLiteral("tidepool-io"));
}

IoThread::Thread::~Thread()
{
    wait();
    // Locks the mutex of the thread, if the thread ever ran. The effects of the thread are then visible here.
    Q_ASSERT(!isFinished() || m_mailbox->isThreadOver());
}

void IoThread::Thread::run()
{
    do {
        if (IoThreadMailbox::areEventsDelivered)
            exec();
    } while (!m_mailbox->serveWithoutEvents());
    // Destroys sockets whose deletion was deferred, and the objects that end with them.
    QCoreApplication::sendPostedEvents();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    // Without this call, OpenSSL frees the data of this thread only after QThread::wait() has returned, and not at all
    // if the program ends at that moment.
    OPENSSL_thread_stop();
}

// --- The registry

IoThread::Registry &IoThread::Registry::instance()
{
    static auto &registry = *new Registry;
    return registry;
}

int IoThread::Registry::count()
{
    const MutexLocker lock(m_mutex);
    return m_count;
}

void IoThread::Registry::setCount(int count)
{
    const MutexLocker lock(m_mutex);
    m_count = std::clamp(count, 1, 64);
}

std::shared_ptr<IoThread> IoThread::Registry::acquire(Use use, QString *problem)
{
    // These are destroyed after the lock is released, because the last user of an I/O thread waits for its thread.
    std::vector<std::shared_ptr<IoThread>> ioThreads;
    std::vector<std::shared_ptr<IoThread>> others;
    const MutexLocker lock(m_mutex);
    ioThreads = alive(ioThreadsFor(use));
    if (static_cast<int>(ioThreads.size()) < m_count) {
        if (auto ioThread = make(problem))
            ioThreads.push_back(std::move(ioThread));
    }
    ioThreadsFor(use).assign(ioThreads.begin(), ioThreads.end());
    if (!ioThreads.empty())
        return leastUsed(ioThreads);
    others = alive(ioThreadsFor(use == Use::Pools ? Use::Relays : Use::Pools));
    return others.empty() ? nullptr : leastUsed(others);
}

std::vector<std::shared_ptr<IoThread>> IoThread::Registry::acquireOthers(Use use, const std::shared_ptr<IoThread> &own)
{
    QString problem; // whoever asks can do without
    std::vector<std::shared_ptr<IoThread>> ioThreads; // goes after the lock, see acquire()
    const MutexLocker lock(m_mutex);
    ioThreads = alive(ioThreadsFor(use));
    while (static_cast<int>(ioThreads.size()) < m_count) {
        auto ioThread = make(&problem);
        if (!ioThread)
            break;
        ioThreads.push_back(std::move(ioThread));
    }
    ioThreadsFor(use).assign(ioThreads.begin(), ioThreads.end());
    std::erase(ioThreads, own);
    return ioThreads;
}

void IoThread::Registry::retire(std::unique_ptr<Thread> thread)
{
    const MutexLocker lock(m_mutex);
    m_retired.push_back(std::move(thread));
}

void IoThread::Registry::reap()
{
    std::vector<std::unique_ptr<Thread>> retired; // the destructor waits for the threads after the lock is released
    const MutexLocker lock(m_mutex);
    const auto isOther = [](const auto &thread) { return thread.get() != QThread::currentThread(); };
    const auto own = std::partition(m_retired.begin(), m_retired.end(), isOther);
    retired.assign(std::make_move_iterator(m_retired.begin()), std::make_move_iterator(own));
    m_retired.erase(m_retired.begin(), own);
}

void IoThread::Registry::endEvents(std::chrono::seconds patience)
{
    std::vector<std::shared_ptr<IoThread>> ioThreads;
    {
        const MutexLocker lock(m_mutex);
        for (const auto &kind : m_ioThreads) {
            for (auto &ioThread : alive(kind))
                ioThreads.push_back(std::move(ioThread));
        }
    }
    for (const auto &ioThread : ioThreads)
        ioThread->m_thread->quit();
    for (const auto &ioThread : ioThreads) {
        ioThread->m_mailbox->waitForSteps(patience);
        (void)ioThread->run([] {}); // wait until the last step has released the I/O thread
    }
    ioThreads.clear();
    reap();
}

std::shared_ptr<IoThread> IoThread::Registry::leastUsed(const std::vector<std::shared_ptr<IoThread>> &ioThreads)
{
    return *std::min_element(ioThreads.begin(), ioThreads.end(),
                             [](const auto &a, const auto &b) { return a.use_count() < b.use_count(); });
}

std::vector<std::shared_ptr<IoThread>> IoThread::Registry::alive(const IoThreads &candidates)
{
    std::vector<std::shared_ptr<IoThread>> ioThreads;
    for (const auto &candidate : candidates) {
        if (auto ioThread = candidate.lock(); ioThread && !ioThread->isOfAnotherProcess())
            ioThreads.push_back(std::move(ioThread));
    }
    return ioThreads;
}

std::shared_ptr<IoThread> IoThread::Registry::make(QString *problem)
{
    // Qt ends the program if there is no descriptor for the event loop of a thread.
    if (!hasFreeDescriptors(descriptorsOfAnIoThread)) {
        *problem = QStringLiteral("There are not enough descriptors for an I/O thread; raise the limit of open "
                                  "files (ulimit -n).");
        return nullptr;
    }
    auto mailbox = std::make_shared<IoThreadMailbox>();
    auto thread = std::make_unique<Thread>(mailbox);
    mailbox->moveToThread(thread.get());
    thread->start();
    if (!thread->isRunning()) {
        *problem = QStringLiteral("The system has no thread left for I/O; raise the limit of processes (ulimit "
                                  "-u).");
        return nullptr;
    }
    return std::shared_ptr<IoThread>(new IoThread(std::move(mailbox), std::move(thread)));
}

} // namespace Tidepool
