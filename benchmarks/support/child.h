// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QProcess>

#include <chrono>

namespace Bench {

class NetworkNamespace;

/// A program that runs beside this one and ends with the object.
class Child
{
public:
    /// @p environment: "NAME=value", added to this process's. @p network: where it runs; nullptr: where this one does.
    Child(const QString &program, const QStringList &arguments, const QStringList &environment = {},
          const NetworkNamespace *network = nullptr);
    virtual ~Child();
    Q_DISABLE_COPY_MOVE(Child)

    [[nodiscard]] qint64 pid() const { return m_process.processId(); }
    [[nodiscard]] bool isRunning();
    /// What it said on its error channel so far.
    [[nodiscard]] QString complaint();

protected:
    QProcess m_process; // NOLINT(cppcoreguidelines-non-private-member-variables-in-classes)
};

/// A part of tidepool-bench in a process of its own, so that its CPU time and memory are its own.
class PartProcess : public Child
{
public:
    /// @p arguments: "name=value"; see parts/parts.h.
    PartProcess(const QString &part, const QStringList &arguments, const NetworkNamespace *network = nullptr);
    ~PartProcess() override;
    Q_DISABLE_COPY_MOVE(PartProcess)

    /// The part's next answer. Throws BenchmarkError if none comes in time.
    [[nodiscard]] QJsonObject answer(std::chrono::milliseconds timeout = std::chrono::seconds(60));
    /// A number of the next answer.
    [[nodiscard]] double number(const QString &name) { return answer().value(name).toDouble(); }
    /// The port it listens on, from its first answer.
    [[nodiscard]] quint16 port();
};

/// "name=value" for a part.
template <typename Value>
[[nodiscard]] QString argument(const char *name, Value value)
{
    return QStringLiteral("%1=%2").arg(QLatin1String(name)).arg(value);
}

} // namespace Bench
