// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/bounds.h>
#include <tidepool/pool.h>
#include <tidepool/relay.h>

#include <QtQml/qqml.h>

/// The types of the library that QML uses unchanged: the enumerations, the base type, and the read-only values.

namespace Tidepool::Qml {

/// The enumerations: `Tidepool.PoolState.Ready`.
namespace Enums {
Q_NAMESPACE
Q_CLASSINFO("RegisterEnumClassesUnscoped", "false") // two of them have a value "Closed"
QML_NAMED_ELEMENT(Tidepool)
QML_FOREIGN_NAMESPACE(Tidepool)
} // namespace Enums

/// The type of every property `pool`: a ClientPool or ServerPool, made in QML or in C++.
class PoolForeign
{
    Q_GADGET
    QML_NAMED_ELEMENT(Pool)
    QML_FOREIGN(Tidepool::Pool)
    QML_UNCREATABLE("Use ClientPool or ServerPool.")
};

/// A relay that is made in C++ and shown in QML.
class RelayForeign
{
    Q_GADGET
    QML_NAMED_ELEMENT(Relay)
    QML_FOREIGN(Tidepool::Relay)
    QML_UNCREATABLE("A relay is made in C++, from two connections.")
};

class BoundsForeign
{
    Q_GADGET
    QML_VALUE_TYPE(bounds)
    QML_FOREIGN(Tidepool::Bounds)
};

class ConnectionIdForeign
{
    Q_GADGET
    QML_VALUE_TYPE(connectionId)
    QML_FOREIGN(Tidepool::ConnectionId)
};

class PoolErrorForeign
{
    Q_GADGET
    QML_VALUE_TYPE(poolError)
    QML_FOREIGN(Tidepool::PoolError)
};

} // namespace Tidepool::Qml
