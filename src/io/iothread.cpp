// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "iothread.h"

#include "completions.h"
#include "eventloop.h"
#include "forks.h"
#include "iothreadmailbox.h"
#include "iothreadregistry.h"
#include "mutex.h"
#include "threadend.h"

#include <tidepool/iothreads.h>

#include <QtCore/QCoreApplication>

#include <atomic>
#include <chrono>
#include <utility>

namespace Tidepool {

namespace {

// The maximum time to wait for a busy I/O thread. It is then blocked by a user's function, or the user has blocked its
// thread.
constexpr std::chrono::seconds longestWait{5};

} // namespace

// --- The application object is created and destroyed

namespace {
std::atomic<void (*)(bool)> applicationHook = nullptr;
}

void IoThread::onApplicationStart()
{
    ++IoThreadMailbox::applications;
    IoThreadMailbox::areEventsDelivered = true;
    qAddPostRoutine(&IoThread::onApplicationEnd);
    if (const auto hook = applicationHook.load())
        hook(true);
}

// From now on, no I/O thread receives events, but posted tasks still run.
void IoThread::onApplicationEnd()
{
    IoThreadMailbox::areEventsDelivered = false;
    if (const auto hook = applicationHook.load())
        hook(false);
    Registry::instance().endEvents(longestWait);
}

bool IoThread::hasApplication()
{
    return IoThreadMailbox::areEventsDelivered;
}

QString IoThread::applicationAdvice()
{
    return QStringLiteral("There is no application object, without which Qt delivers no events; create a "
                          "QCoreApplication first, and keep it for as long as connections are needed.");
}

void IoThread::setApplicationHook(void (*hook)(bool))
{
    applicationHook = hook;
}

namespace {
[[maybe_unused]] const bool isStartRoutineAdded = [] {
    qAddPreRoutine(&IoThread::onApplicationStart);
    return true;
}();
} // namespace

// --- IoThread

IoThread::IoThread(std::shared_ptr<IoThreadMailbox> mailbox, std::unique_ptr<Thread> thread)
    : m_forks(forkCount()), m_mailbox(std::move(mailbox)), m_thread(std::move(thread))
{
    if (m_thread)
        m_completions = Completions::shared();
}

IoThread::~IoThread()
{
    if (isOfAnotherProcess()) {
        // The thread runs in the parent process. In this process it can be neither waited for nor destroyed.
        (void)m_thread.release(); // NOLINT(bugprone-unused-return-value)
        (void)new std::shared_ptr<IoThreadMailbox>(m_mailbox);
        return;
    }
    if (!m_thread) {
        if (isCurrent())
            m_mailbox->runRemaining();
        return;
    }
    m_mailbox->endIoThread();
    m_thread->quit(); // tasks posted before still run, after the event loop has ended
    if (isCurrent()) {
        Registry::instance().retire(std::move(m_thread));
        return;
    }
    m_thread.reset();
    Registry::instance().reap();
}

int IoThread::count()
{
    return Registry::instance().count();
}

void IoThread::setCount(int count)
{
    Registry::instance().setCount(count);
}

std::shared_ptr<IoThread> IoThread::acquire(Use use, QString *problem)
{
    if (!hasApplication()) {
        *problem = applicationAdvice();
        return nullptr;
    }
    Registry::instance().reap();
    return Registry::instance().acquire(use, problem);
}

std::vector<std::shared_ptr<IoThread>> IoThread::acquireOthers(Use use, const std::shared_ptr<IoThread> &own)
{
    return hasApplication() ? Registry::instance().acquireOthers(use, own) : std::vector<std::shared_ptr<IoThread>>();
}

std::shared_ptr<IoThread> IoThread::ofCallerThread()
{
    // The IoThread can be destroyed in the middle of one of its tasks.
    const auto discard = [](IoThreadMailbox *mailbox) {
        if (mailbox->isThreadOver())
            delete mailbox;
        else
            mailbox->deleteLater();
    };
    const std::shared_ptr<IoThreadMailbox> mailbox(new IoThreadMailbox, discard);
    const std::weak_ptr weak = mailbox;
    const auto end = [weak] {
        if (const auto alive = weak.lock())
            alive->endThread();
    };
    atEndOfThisThread(end, [weak] { return weak.expired(); });
    return std::shared_ptr<IoThread>(new IoThread(mailbox, nullptr));
}

void IoThread::post(Task task)
{
    if (!isOfAnotherProcess())
        // if the thread has ended, the objects that the task uses have ended too
        (void)m_mailbox->post(std::move(task));
}

bool IoThread::run(Task task)
{
    if (isOfAnotherProcess())
        return false;
    if (isCurrent()) {
        task();
        return true;
    }
    struct Call
    {
        Task task;
        Mutex mutex;
        Condition condition;
        bool isDone TIDEPOOL_GUARDED_BY(mutex) = false;
    };
    const auto call = std::make_shared<Call>();
    call->task = std::move(task);
    const auto carryOut = [call] {
        std::exchange(call->task, {})();
        const MutexLocker lock(call->mutex);
        call->isDone = true;
        call->condition.notifyOne();
    };
    if (!m_mailbox->post(carryOut)) {
        carryOut(); // the thread has ended, and then Qt allows this in other threads
        return true;
    }
    const MutexLocker lock(call->mutex);
    return call->condition.waitFor(call->mutex, longestWait,
                                   [&]() TIDEPOOL_REQUIRES(call->mutex) { return call->isDone; });
}

void IoThread::runInSteps(const std::shared_ptr<IoThread> &ioThread, const Step &step)
{
    if (ioThread->isOfAnotherProcess())
        return;
    if (ioThread->isCurrent() && !hasEventLoop()) {
        while (step()) {}
        return;
    }
    ioThread->m_mailbox->countSteps(1);
    ioThread->postStep(ioThread, step);
    if (ioThread->m_thread && !IoThreadMailbox::areEventsDelivered)
        ioThread->m_mailbox->waitForSteps(longestWait); // nothing else would wait
}

// The task holds the I/O thread, so the I/O thread does not end before the task.
void IoThread::postStep(const std::shared_ptr<IoThread> &ioThread, const Step &step)
{
    const auto next = [ioThread, step] {
        if (step())
            ioThread->postStep(ioThread, step);
        else
            ioThread->m_mailbox->countSteps(-1);
    };
    if (!m_mailbox->post(next))
        while (step()) {}
}

void IoThread::complete(Task task)
{
    if (isOfAnotherProcess())
        return;
    if (m_completions)
        m_completions->post(std::move(task));
    else if (!hasApplication() || !m_mailbox->post(task))
        task();
}

void IoThread::settle()
{
    if (m_completions && !isOfAnotherProcess())
        m_completions->settle();
}

void IoThread::atEnd(Task task)
{
    m_mailbox->setAtEnd(std::move(task));
}

bool IoThread::isCurrent() const
{
    return QThread::currentThread() == thread();
}

QThread *IoThread::thread() const
{
    return m_thread ? m_thread.get() : m_mailbox->thread();
}

bool IoThread::isOfAnotherProcess() const
{
    return m_forks != forkCount();
}

namespace IoThreads {

int count()
{
    return IoThread::count();
}

void setCount(int count)
{
    IoThread::setCount(count);
}

} // namespace IoThreads

} // namespace Tidepool
