// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QString>

#include <chrono>
#include <utility>

namespace Bench {

/// A descriptor that is closed with the object.
class Descriptor
{
public:
    Descriptor() = default;
    explicit Descriptor(int number) : m_number(number) {}
    Descriptor(Descriptor &&other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor &operator=(Descriptor &&other) noexcept
    {
        std::swap(m_number, other.m_number);
        return *this;
    }
    ~Descriptor();
    Q_DISABLE_COPY(Descriptor)

    [[nodiscard]] int number() const { return m_number; }
    [[nodiscard]] bool isValid() const { return m_number >= 0; }

private:
    int m_number = -1;
};

/// Plain blocking TCP sockets. Nothing blocks for longer than 30 s.

[[nodiscard]] Descriptor listenOnLoopback(quint16 port = 0);
/// On all addresses of this machine, or network namespace.
[[nodiscard]] Descriptor listenEverywhere(quint16 port);
[[nodiscard]] quint16 localPort(const Descriptor &socket);
/// Invalid when the listening socket fails.
[[nodiscard]] Descriptor acceptOne(const Descriptor &listener);
/// Invalid if nobody listens.
[[nodiscard]] Descriptor connectToLoopback(quint16 port);
/// @p address: an IPv4 address.
[[nodiscard]] Descriptor connectTo(const QString &address, quint16 port);
[[nodiscard]] bool sendAll(const Descriptor &socket, const char *bytes, size_t size);
[[nodiscard]] bool receiveAll(const Descriptor &socket, char *bytes, size_t size);
/// A port that nobody listens on just now.
[[nodiscard]] quint16 freePort();

/// What the load's sink sends to each connection first, so that a path is known to be whole.
inline constexpr char greeting = 'G';
/// Connects and waits for the greeting; invalid if it does not come.
[[nodiscard]] Descriptor connectAndAwaitGreeting(quint16 port);
/// True as soon as a whole path to the sink begins at @p port.
[[nodiscard]] bool awaitPath(quint16 port, std::chrono::milliseconds timeout);

} // namespace Bench
