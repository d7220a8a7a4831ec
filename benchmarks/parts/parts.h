// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QHash>
#include <QtCore/QJsonObject>
#include <QtCore/QStringList>

namespace Bench {

/// A part is what `tidepool-bench --part NAME name=value...` does: something that the benchmark runs in a process of
/// its own. It answers with lines of JSON and ends when its standard input does.

class PartArguments
{
public:
    explicit PartArguments(const QStringList &words);

    [[nodiscard]] QString text(QLatin1String name) const { return m_values.value(name); }
    [[nodiscard]] int number(QLatin1String name) const { return text(name).toInt(); }
    [[nodiscard]] quint16 port() const { return static_cast<quint16>(number(QLatin1String("port"))); }
    [[nodiscard]] bool isBare() const { return text(QLatin1String("kind")) == QLatin1String("bare"); }
    [[nodiscard]] bool isTls() const { return number(QLatin1String("tls")) != 0; }
    /// An IPv4 address; 127.0.0.1 unless given.
    [[nodiscard]] QString host() const { return m_values.value(QLatin1String("host"), QStringLiteral("127.0.0.1")); }

private:
    QHash<QString, QString> m_values;
};

/// Runs the part named by the first word; returns the program's exit status.
[[nodiscard]] int runPart(const QStringList &words);

/// Prints the answer.
void answer(const QJsonObject &object);
/// Waits, without an event loop, until the program is told to end.
[[noreturn]] void waitForEnd();

// --- The other end (peer.cpp, dialer.cpp)

/// Accepts connections, sends each an id and keeps them: tls, threads; with a port, there and on all addresses.
/// Answers: port.
void peerPart(const PartArguments &arguments);
/// Dials with blocking sockets and keeps the connections: tls, threads, port, count, warmup. Answers: seconds, cpu
/// (ms).
void dialerPart(const PartArguments &arguments);

// --- What is measured

/// Dials: kind, tls, host, port, count, warmup. Answers: seconds, cpu (ms), failed (attempts).
void fillPart(const PartArguments &arguments);
/// Accepts with a certificate of RSA-4096 and keeps the connections: threads (for I/O). Answers: port.
void acceptPart(const PartArguments &arguments);
/// Dials while its event loop is watched: kind, port, count. Answers: longest, p99 (ms), seconds.
void stallPart(const PartArguments &arguments);
/// Dials and weighs: kind, tls, port, count. Answers: bytes (for each connection).
void memoryOfClientPart(const PartArguments &arguments);
/// Accepts and weighs: kind, tls, count. Answers: port; ready; bytes.
void memoryOfServerPart(const PartArguments &arguments);
/// Turns an event loop that watches so many connections: kind, port, count, turns. Answers: turn (us).
void turnPart(const PartArguments &arguments);
/// Does nothing with so many connections: kind, port, count, seconds. Answers: cpu (ms).
void restPart(const PartArguments &arguments);
/// Relays each connection to the port target with Tidepool::Relay. Answers: port.
void relayPart(const PartArguments &arguments);

/// Takes from a pool and lets go at once: host, port, policy, seconds, rate (takes a second, at random), burst (so many
/// more every 5 s), minimum, levels (a file that the pool goes on from), save (a file for what it has learned).
/// Answers: ready; then what TakerLog reads.
void takerPart(const PartArguments &arguments);

// --- Visitors (visitors.cpp)

/// Accepts on all addresses, and sends each visitor as many bytes as he asks for: port. Answers: port.
void targetPart(const PartArguments &arguments);
/// Asks for one byte, again and again: host, port, count, pause (ms). Answers: firstBytes (ms each, from connecting
/// on).
void visitorPart(const PartArguments &arguments);
/// Asks for very much: host, port, milliseconds. Answers: started, at the first byte; bytes, seconds.
void downloadPart(const PartArguments &arguments);

// --- The load (load.cpp)

/// Accepts, greets and reads: milliseconds to measure, pause before it reads. Answers: port; seconds, bytes.
void sinkPart(const PartArguments &arguments);
/// Writes: port, streams, and milliseconds or megabytes. Answers: bytes.
void senderPart(const PartArguments &arguments);

} // namespace Bench
