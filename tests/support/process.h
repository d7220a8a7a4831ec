// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QProcess>
#include <QtCore/QStringList>

/// For tests that start processes. QProcess uses vfork(), in which the child writes into ThreadSanitizer's own state:
/// it would report races that are none, and end the test.
#ifdef __SANITIZE_THREAD__
#    define SKIP_IF_PROCESSES_CONFUSE() QSKIP("ThreadSanitizer and QProcess do not go together.")
#else
#    define SKIP_IF_PROCESSES_CONFUSE() static_cast<void>(0)
#endif

namespace TestSupport {

/// A program's path, also from sbin; empty if it is not installed.
[[nodiscard]] QString findProgram(const QString &name);

/// A TCP port of 127.0.0.1 that refuses connects until somebody listens on it, a ReservedPort for as long as the
/// process lives.
[[nodiscard]] quint16 freePort();

/// A child process that ends with this object, and with the test should that crash.
class Process : public QProcess
{
    Q_OBJECT

public:
    explicit Process(QObject *parent = nullptr);
    ~Process() override;

    /// Starts @p program and returns true if it runs.
    [[nodiscard]] bool run(const QString &program, const QStringList &arguments);

    /// What it wrote so far, standard output and error apart.
    [[nodiscard]] QByteArray output();
    [[nodiscard]] QByteArray errors();
    /// The complete lines of output().
    [[nodiscard]] QStringList lines();
    /// The rest of the first line that starts with @p key and a space; empty if there is none yet.
    [[nodiscard]] QString value(const QString &key);

private:
    QByteArray m_output;
    QByteArray m_errors;
};

} // namespace TestSupport
