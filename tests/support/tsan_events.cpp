// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Tells ThreadSanitizer what it cannot see: that Qt's event queue and its connections order memory between threads.
//
// Distributions build Qt without ThreadSanitizer, and inside QtCore mutexes are bare futexes, so each function that is
// posted to another thread looks like a race between the poster and the receiver; and so does each function that one
// thread connects to a signal and another thread calls by emitting it. Suppressing those reports would hide the real
// races in the same functions. This file, part of every program of a ThreadSanitizer build, stands between the
// project's code and the few functions of QtCore through which work is handed over, and marks "handed over" and
// "received" there. Each mark is tied to the one object concerned, so nothing else becomes ordered by it.
//
// The functions are named by their symbols in Qt 6.4. With a Qt that has others the marks are missing and false reports
// appear; nothing else breaks.

#include <QtCore/QObject>
#include <QtCore/qtsan_impl.h>

#include <dlfcn.h>

#if defined(__SANITIZE_THREAD__) && QT_VERSION < QT_VERSION_CHECK(6, 5, 0)

namespace {

using QtPrivate::QSlotObjectBase;

/// Stands for a function that was handed over: what its maker did comes before each call, and each call before the end.
/// Calls are not ordered among themselves. Its own memory is none of the sanitizer's business.
class OrderedCall : public QSlotObjectBase
{
public:
    explicit OrderedCall(QSlotObjectBase *function) : QSlotObjectBase(&OrderedCall::act), m_function(function)
    {
        __tsan_release(this);
    }

private:
    __attribute__((no_sanitize("thread"))) static void act(int which, QSlotObjectBase *self, QObject *receiver,
                                                           void **arguments, bool *result)
    {
        auto *call = static_cast<OrderedCall *>(self);
        __tsan_acquire(call);
        switch (which) {
        case Call:
            call->m_function->call(receiver, arguments);
            __tsan_release(&call->m_function);
            break;
        case Compare:
            *result = call->m_function->compare(arguments);
            break;
        case Destroy:
            __tsan_acquire(&call->m_function);
            call->m_function->destroyIfLastRef();
            ::operator delete(call);
            break;
        default:
            break;
        }
    }

    QSlotObjectBase *m_function;
};

/// Qt calls it in the receiving thread before it delivers an event.
bool aboutToDeliver(void **arguments)
{
    __tsan_acquire(arguments[0]);
    return false;
}
[[maybe_unused]] const bool registered = QInternal::registerCallback(QInternal::EventNotifyCallback, aboutToDeliver);

template <typename Function>
Function next(Function, const char *symbol)
{
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, symbol));
}

} // namespace

#    define QT_INVOKE \
        "_ZN11QMetaObject16invokeMethodImplEP7QObjectPN9QtPrivate15QSlotObjectBaseEN2Qt14ConnectionTypeEPv"
#    define QT_CONNECT \
        "_ZN7QObject11connectImplEPKS_PPvS1_S3_PN9QtPrivate15QSlotObjectBaseEN2Qt14ConnectionTypeEPKiPK11QMetaObject"
#    define QT_POST_EVENT "_ZN16QCoreApplication9postEventEP7QObjectP6QEventi"
#    define QT_DELETE_LATER "_ZN7QObject11deleteLaterEv"

// A pointer to a member function is known for virtual by its lowest bit, so what stands for one must not be at an odd
// address.
#    define TIDEPOOL_STAND_IN Q_DECL_EXPORT __attribute__((aligned(16)))

// QObject::connect() with a function
TIDEPOOL_STAND_IN QMetaObject::Connection tidepoolConnect(const QObject *sender, void **signal, const QObject *receiver,
                                                          void **slot, QSlotObjectBase *function, int type,
                                                          const int *types,
                                                          const QMetaObject *senderType) asm(QT_CONNECT);
QMetaObject::Connection tidepoolConnect(const QObject *sender, void **signal, const QObject *receiver, void **slot,
                                        QSlotObjectBase *function, int type, const int *types,
                                        const QMetaObject *senderType)
{
    static const auto connect = next(&tidepoolConnect, QT_CONNECT);
    return connect(sender, signal, receiver, slot, new OrderedCall(function), type, types, senderType);
}

extern "C" {

// QMetaObject::invokeMethod() with a function
TIDEPOOL_STAND_IN bool tidepoolInvoke(QObject *object, QSlotObjectBase *function, int type,
                                      void *result) asm(QT_INVOKE);
bool tidepoolInvoke(QObject *object, QSlotObjectBase *function, int type, void *result)
{
    static const auto invoke = next(&tidepoolInvoke, QT_INVOKE);
    return invoke(object, new OrderedCall(function), type, result);
}

// QCoreApplication::postEvent()
TIDEPOOL_STAND_IN void tidepoolPostEvent(QObject *receiver, void *event, int priority) asm(QT_POST_EVENT);
void tidepoolPostEvent(QObject *receiver, void *event, int priority)
{
    static const auto postEvent = next(&tidepoolPostEvent, QT_POST_EVENT);
    __tsan_release(receiver);
    postEvent(receiver, event, priority);
}

// QObject::deleteLater()
TIDEPOOL_STAND_IN void tidepoolDeleteLater(QObject *object) asm(QT_DELETE_LATER);
void tidepoolDeleteLater(QObject *object)
{
    static const auto deleteLater = next(&tidepoolDeleteLater, QT_DELETE_LATER);
    __tsan_release(object);
    deleteLater(object);
}

} // extern "C"

#endif
