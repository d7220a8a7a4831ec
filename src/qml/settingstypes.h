// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/backoff.h>
#include <tidepool/keepalive.h>
#include <tidepool/recovery.h>
#include <tidepool/timeouts.h>
#include <tidepool/tlsoptions.h>

#include <QtCore/QStringList>
#include <QtQml/qqml.h>

/// The settings as grouped properties of QML, `timeouts.dialMs: 3000`. Durations are whole milliseconds, and their
/// names end in Ms. Setters take a double, because QML wraps an int beyond 2^31 instead of clamping it. Defaults and
/// ranges are those of the C++ value types. QML uses a value through its extension, whose only member is the value
/// itself.

namespace Tidepool::Qml {

/// Timeouts, in milliseconds.
class TimeoutsExtension
{
    Q_GADGET
    QML_VALUE_TYPE(timeouts)
    QML_FOREIGN(Tidepool::Timeouts)
    QML_EXTENDED(Tidepool::Qml::TimeoutsExtension)
    Q_PROPERTY(double takeMs READ takeMs WRITE setTakeMs FINAL)
    Q_PROPERTY(double resolveMs READ resolveMs WRITE setResolveMs FINAL)
    Q_PROPERTY(double dialMs READ dialMs WRITE setDialMs FINAL)
    Q_PROPERTY(double handshakeMs READ handshakeMs WRITE setHandshakeMs FINAL)
    Q_PROPERTY(double identifyMs READ identifyMs WRITE setIdentifyMs FINAL)

public:
    [[nodiscard]] int takeMs() const;
    void setTakeMs(double milliseconds);
    [[nodiscard]] int resolveMs() const;
    void setResolveMs(double milliseconds);
    [[nodiscard]] int dialMs() const;
    void setDialMs(double milliseconds);
    [[nodiscard]] int handshakeMs() const;
    void setHandshakeMs(double milliseconds);
    [[nodiscard]] int identifyMs() const;
    void setIdentifyMs(double milliseconds);

private:
    Timeouts v;
};

/// Lifetimes, in milliseconds. 0 means no limit.
class LifetimesExtension
{
    Q_GADGET
    QML_VALUE_TYPE(lifetimes)
    QML_FOREIGN(Tidepool::Lifetimes)
    QML_EXTENDED(Tidepool::Qml::LifetimesExtension)
    Q_PROPERTY(double maximumLifetimeMs READ maximumLifetimeMs WRITE setMaximumLifetimeMs FINAL)
    Q_PROPERTY(double maximumIdleMs READ maximumIdleMs WRITE setMaximumIdleMs FINAL)
    Q_PROPERTY(bool learnsIdle READ learnsIdle WRITE setLearnsIdle FINAL)
    Q_PROPERTY(double jitter READ jitter WRITE setJitter FINAL)

public:
    [[nodiscard]] int maximumLifetimeMs() const;
    void setMaximumLifetimeMs(double milliseconds);
    [[nodiscard]] int maximumIdleMs() const;
    void setMaximumIdleMs(double milliseconds);
    [[nodiscard]] bool learnsIdle() const { return v.learnsIdle; }
    void setLearnsIdle(bool learns) { v.learnsIdle = learns; }
    [[nodiscard]] double jitter() const { return v.jitter; }
    void setJitter(double jitter) { v.jitter = jitter; }

private:
    Lifetimes v;
};

/// KeepAlive. `idleMs` and `intervalMs` are rounded up to whole seconds, because TCP supports only seconds.
class KeepAliveExtension
{
    Q_GADGET
    QML_VALUE_TYPE(keepAlive)
    QML_FOREIGN(Tidepool::KeepAlive)
    QML_EXTENDED(Tidepool::Qml::KeepAliveExtension)
    Q_PROPERTY(bool enabled READ isEnabled WRITE setEnabled FINAL)
    Q_PROPERTY(double idleMs READ idleMs WRITE setIdleMs FINAL)
    Q_PROPERTY(double intervalMs READ intervalMs WRITE setIntervalMs FINAL)
    Q_PROPERTY(double count READ count WRITE setCount FINAL)
    Q_PROPERTY(double userTimeoutMs READ userTimeoutMs WRITE setUserTimeoutMs FINAL)

public:
    [[nodiscard]] bool isEnabled() const { return v.enabled; }
    void setEnabled(bool enabled) { v.enabled = enabled; }
    [[nodiscard]] int idleMs() const;
    void setIdleMs(double milliseconds);
    [[nodiscard]] int intervalMs() const;
    void setIntervalMs(double milliseconds);
    [[nodiscard]] int count() const { return v.count; }
    void setCount(double count);
    [[nodiscard]] int userTimeoutMs() const;
    void setUserTimeoutMs(double milliseconds);

private:
    KeepAlive v;
};

/// Backoff, in milliseconds.
class BackoffExtension
{
    Q_GADGET
    QML_VALUE_TYPE(backoff)
    QML_FOREIGN(Tidepool::Backoff)
    QML_EXTENDED(Tidepool::Qml::BackoffExtension)
    Q_PROPERTY(double baseMs READ baseMs WRITE setBaseMs FINAL)
    Q_PROPERTY(double capMs READ capMs WRITE setCapMs FINAL)
    Q_PROPERTY(double factor READ factor WRITE setFactor FINAL)

public:
    [[nodiscard]] int baseMs() const;
    void setBaseMs(double milliseconds);
    [[nodiscard]] int capMs() const;
    void setCapMs(double milliseconds);
    [[nodiscard]] double factor() const { return v.factor; }
    void setFactor(double factor) { v.factor = factor; }

private:
    Backoff v;
};

/// Recovery, with the time in milliseconds.
class RecoveryExtension
{
    Q_GADGET
    QML_VALUE_TYPE(recovery)
    QML_FOREIGN(Tidepool::Recovery)
    QML_EXTENDED(Tidepool::Qml::RecoveryExtension)
    Q_PROPERTY(bool noticesSleep READ noticesSleep WRITE setNoticesSleep FINAL)
    Q_PROPERTY(bool followsNetwork READ followsNetwork WRITE setFollowsNetwork FINAL)
    Q_PROPERTY(double quietTimeMs READ quietTimeMs WRITE setQuietTimeMs FINAL)

public:
    [[nodiscard]] bool noticesSleep() const { return v.noticesSleep; }
    void setNoticesSleep(bool notices) { v.noticesSleep = notices; }
    [[nodiscard]] bool followsNetwork() const { return v.followsNetwork; }
    void setFollowsNetwork(bool follows) { v.followsNetwork = follows; }
    [[nodiscard]] int quietTimeMs() const;
    void setQuietTimeMs(double milliseconds);

private:
    Recovery v;
};

/// TlsOptions. `authorities`, `certificate` and `privateKey` take PEM text, or the name of a PEM file: a path, or a
/// file: or qrc: URL. If a value cannot be read, a warning is logged, and the pool does not connect, with a fatal
/// error.
class TlsOptionsExtension
{
    Q_GADGET
    QML_VALUE_TYPE(tlsOptions)
    QML_FOREIGN(Tidepool::TlsOptions)
    QML_EXTENDED(Tidepool::Qml::TlsOptionsExtension)
    Q_PROPERTY(int mode READ mode WRITE setMode FINAL)
    Q_PROPERTY(QString hostName READ hostName WRITE setHostName FINAL)
    Q_PROPERTY(QStringList pins READ pins WRITE setPins FINAL)
    Q_PROPERTY(int minimumProtocol READ minimumProtocol WRITE setMinimumProtocol FINAL)
    Q_PROPERTY(QStringList groups READ groups WRITE setGroups FINAL)
    Q_PROPERTY(QString authorities READ authorities WRITE setAuthorities FINAL)
    Q_PROPERTY(QString certificate READ certificate WRITE setCertificate FINAL)
    Q_PROPERTY(QString privateKey READ privateKey WRITE setPrivateKey FINAL)

public:
    /// A Tidepool.TlsMode. The type is int, because QML reads an enumeration of a value type as an int of fixed size.
    [[nodiscard]] int mode() const { return static_cast<int>(v.mode); }
    void setMode(int mode) { v.mode = static_cast<TlsMode>(mode); }
    [[nodiscard]] QString hostName() const { return v.hostName; }
    void setHostName(const QString &name) { v.hostName = name; }
    [[nodiscard]] QStringList pins() const { return v.pins; }
    void setPins(const QStringList &pins) { v.pins = pins; }
    /// A Tidepool.TlsProtocol.
    [[nodiscard]] int minimumProtocol() const { return static_cast<int>(v.minimumProtocol); }
    void setMinimumProtocol(int protocol) { v.minimumProtocol = static_cast<TlsProtocol>(protocol); }
    [[nodiscard]] QStringList groups() const { return v.groups; }
    void setGroups(const QStringList &groups) { v.groups = groups; }
    /// TlsOptions::certificateAuthorities. The getter returns PEM text.
    [[nodiscard]] QString authorities() const;
    void setAuthorities(const QString &pemOrFile);
    /// TlsOptions::certificateChain. The getter returns PEM text.
    [[nodiscard]] QString certificate() const;
    void setCertificate(const QString &pemOrFile);
    /// TlsOptions::privateKey, unencrypted. The getter always returns an empty string, because the key is a secret.
    [[nodiscard]] QString privateKey() const { return {}; }
    void setPrivateKey(const QString &pemOrFile);

private:
    TlsOptions v;
};

} // namespace Tidepool::Qml
