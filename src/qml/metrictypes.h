// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/poolstatus.h>

#include <QtQml/qqml.h>

/// The metrics for QML. QML's tools do not support 64-bit integers, so the counters are reals, which are exact up to
/// 2^53.

namespace Tidepool::Qml {

/// Distribution.
class DistributionExtension
{
    Q_GADGET
    QML_VALUE_TYPE(distribution)
    QML_FOREIGN(Tidepool::Distribution)
    QML_EXTENDED(Tidepool::Qml::DistributionExtension)
    Q_PROPERTY(double count READ count FINAL)
    Q_PROPERTY(double p50 READ p50 FINAL)
    Q_PROPERTY(double p90 READ p90 FINAL)
    Q_PROPERTY(double p99 READ p99 FINAL)
    Q_PROPERTY(double maximum READ maximum FINAL)

public:
    [[nodiscard]] double count() const { return static_cast<double>(v.count); }
    [[nodiscard]] double p50() const { return v.p50(); } ///< Milliseconds.
    [[nodiscard]] double p90() const { return v.p90(); } ///< Milliseconds.
    [[nodiscard]] double p99() const { return v.p99(); } ///< Milliseconds.
    [[nodiscard]] double maximum() const { return v.maximumMs(); } ///< Milliseconds.

private:
    Distribution v;
};

/// SizingReason. See that class for each metric.
class SizingReasonExtension
{
    Q_GADGET
    QML_VALUE_TYPE(sizingReason)
    QML_FOREIGN(Tidepool::SizingReason)
    QML_EXTENDED(Tidepool::Qml::SizingReasonExtension)
    Q_PROPERTY(int cause READ cause FINAL)
    Q_PROPERTY(int needed READ needed FINAL)
    Q_PROPERTY(int dialTimeMs READ dialTimeMs FINAL)
    Q_PROPERTY(int spareWindowMs READ spareWindowMs FINAL)
    Q_PROPERTY(int burstSize READ burstSize FINAL)
    Q_PROPERTY(int nextBurstMs READ nextBurstMs FINAL)
    Q_PROPERTY(int announced READ announced FINAL)

public:
    [[nodiscard]] int cause() const { return static_cast<int>(v.cause); } ///< A Tidepool.SizingCause.
    [[nodiscard]] int needed() const { return v.needed; }
    [[nodiscard]] int dialTimeMs() const { return v.dialTimeMs(); }
    [[nodiscard]] int spareWindowMs() const { return v.spareWindowMs(); }
    [[nodiscard]] int burstSize() const { return v.burstSize; }
    [[nodiscard]] int nextBurstMs() const { return v.nextBurstMs(); }
    [[nodiscard]] int announced() const { return v.announced; }

private:
    SizingReason v;
};

/// PoolStatus. See that class for each metric.
class PoolStatusExtension
{
    Q_GADGET
    QML_VALUE_TYPE(poolStatus)
    QML_FOREIGN(Tidepool::PoolStatus)
    QML_EXTENDED(Tidepool::Qml::PoolStatusExtension)
    Q_PROPERTY(int state READ state FINAL)
    Q_PROPERTY(int active READ active FINAL)
    Q_PROPERTY(int capacity READ capacity FINAL)
    Q_PROPERTY(Tidepool::SizingReason sizing READ sizing FINAL)
    Q_PROPERTY(QString sizingText READ sizingText FINAL)
    Q_PROPERTY(int connecting READ connecting FINAL)
    Q_PROPERTY(int handshaking READ handshaking FINAL)
    Q_PROPERTY(int waiting READ waiting FINAL)
    Q_PROPERTY(int checking READ checking FINAL)
    Q_PROPERTY(int ended READ ended FINAL)
    Q_PROPERTY(int control READ control FINAL)
    Q_PROPERTY(int suspects READ suspects FINAL)
    Q_PROPERTY(int leased READ leased FINAL)
    Q_PROPERTY(int errorCount READ errorCount FINAL)
    Q_PROPERTY(int nextAttemptMs READ nextAttemptMs FINAL)
    Q_PROPERTY(bool waking READ waking FINAL)
    Q_PROPERTY(bool offline READ offline FINAL)
    Q_PROPERTY(int idleLifetimeMs READ idleLifetimeMs FINAL)
    Q_PROPERTY(QString idleText READ idleText FINAL)
    Q_PROPERTY(int diagnosis READ diagnosis FINAL)
    Q_PROPERTY(QString diagnosisText READ diagnosisText FINAL)
    Q_PROPERTY(int failedInARow READ failedInARow FINAL)
    Q_PROPERTY(double generation READ generation FINAL)
    Q_PROPERTY(double parkedTotal READ parkedTotal FINAL)
    Q_PROPERTY(double takenTotal READ takenTotal FINAL)
    Q_PROPERTY(double givenBack READ givenBack FINAL)
    Q_PROPERTY(double established READ established FINAL)
    Q_PROPERTY(double dropped READ dropped FINAL)
    Q_PROPERTY(double overflowed READ overflowed FINAL)
    Q_PROPERTY(double refused READ refused FINAL)
    Q_PROPERTY(double sleeps READ sleeps FINAL)
    Q_PROPERTY(double networkChanges READ networkChanges FINAL)
    Q_PROPERTY(double takesAsked READ takesAsked FINAL)
    Q_PROPERTY(double servedWarm READ servedWarm FINAL)
    Q_PROPERTY(double servedAfterWait READ servedAfterWait FINAL)
    Q_PROPERTY(double takesFailed READ takesFailed FINAL)
    Q_PROPERTY(double takesCancelled READ takesCancelled FINAL)
    Q_PROPERTY(double failedTotal READ failedTotal FINAL)
    Q_PROPERTY(double evictedTotal READ evictedTotal FINAL)
    Q_PROPERTY(QString lastError READ lastError FINAL)
    Q_PROPERTY(int lastErrorKind READ lastErrorKind FINAL)
    Q_PROPERTY(Tidepool::Distribution dialTime READ dialTime FINAL)
    Q_PROPERTY(Tidepool::Distribution waitTime READ waitTime FINAL)

public:
    [[nodiscard]] int state() const { return static_cast<int>(v.state); } ///< A Tidepool.PoolState.
    [[nodiscard]] int active() const { return v.active; }
    [[nodiscard]] int capacity() const { return v.capacity; }
    [[nodiscard]] SizingReason sizing() const { return v.sizing; }
    [[nodiscard]] QString sizingText() const { return v.sizingText(); } ///< PoolStatus::sizingText()
    [[nodiscard]] int connecting() const { return v.connecting; }
    [[nodiscard]] int handshaking() const { return v.handshaking; }
    [[nodiscard]] int waiting() const { return v.waiting; }
    [[nodiscard]] int checking() const { return v.checking; }
    [[nodiscard]] int ended() const { return v.ended; }
    [[nodiscard]] int control() const { return v.control; }
    [[nodiscard]] int suspects() const { return v.suspects; }
    [[nodiscard]] int leased() const { return v.leased; }
    [[nodiscard]] int errorCount() const { return v.errorCount; }
    [[nodiscard]] int nextAttemptMs() const { return v.nextAttemptMs(); }
    [[nodiscard]] bool waking() const { return v.waking; }
    [[nodiscard]] bool offline() const { return v.offline; }
    [[nodiscard]] int idleLifetimeMs() const { return v.idleLifetimeMs(); }
    [[nodiscard]] QString idleText() const { return v.idleText(); } ///< PoolStatus::idleText()
    [[nodiscard]] int diagnosis() const { return static_cast<int>(v.diagnosis); } ///< A Tidepool.Diagnosis.
    [[nodiscard]] QString diagnosisText() const { return v.diagnosisText(); } ///< PoolStatus::diagnosisText()
    [[nodiscard]] int failedInARow() const { return v.failedInARow; }
    [[nodiscard]] double generation() const { return static_cast<double>(v.generation); }
    [[nodiscard]] double parkedTotal() const { return static_cast<double>(v.parkedTotal); }
    [[nodiscard]] double takenTotal() const { return static_cast<double>(v.takenTotal); }
    [[nodiscard]] double givenBack() const { return static_cast<double>(v.givenBack); }
    [[nodiscard]] double established() const { return static_cast<double>(v.established); }
    [[nodiscard]] double dropped() const { return static_cast<double>(v.dropped); }
    [[nodiscard]] double overflowed() const { return static_cast<double>(v.overflowed); }
    [[nodiscard]] double refused() const { return static_cast<double>(v.refused); }
    [[nodiscard]] double sleeps() const { return static_cast<double>(v.sleeps); }
    [[nodiscard]] double networkChanges() const { return static_cast<double>(v.networkChanges); }
    [[nodiscard]] double takesAsked() const { return static_cast<double>(v.takesAsked); }
    [[nodiscard]] double servedWarm() const { return static_cast<double>(v.servedWarm); }
    [[nodiscard]] double servedAfterWait() const { return static_cast<double>(v.servedAfterWait); }
    [[nodiscard]] double takesFailed() const { return static_cast<double>(v.takesFailed); }
    [[nodiscard]] double takesCancelled() const { return static_cast<double>(v.takesCancelled); }
    [[nodiscard]] double failedTotal() const { return static_cast<double>(v.failedTotal()); }
    [[nodiscard]] double evictedTotal() const { return static_cast<double>(v.evictedTotal()); }
    [[nodiscard]] QString lastError() const { return v.lastError; }
    [[nodiscard]] int lastErrorKind() const { return static_cast<int>(v.lastErrorKind); } ///< A Tidepool.ErrorKind.
    [[nodiscard]] Distribution dialTime() const { return v.dialTime; }
    [[nodiscard]] Distribution waitTime() const { return v.waitTime; }

private:
    PoolStatus v;
};

} // namespace Tidepool::Qml
