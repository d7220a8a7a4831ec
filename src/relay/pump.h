// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "relaystate.h"
#include "stream.h"

#include <QtCore/QObject>
#include <QtCore/QTimer>

#include <array>
#include <chrono>
#include <memory>

namespace Tidepool {

/// The objects that a pump needs.
struct PumpParts
{
    std::array<RelayEnd, 2> ends; ///< In the calling thread, the I/O thread, or in none.
    std::shared_ptr<RelayState> state;
    std::chrono::milliseconds idleTimeout;
};

/// The buffer into which a pump reads.
using PumpChunk = std::array<char, maximumInFlight>;

/// Copies the bytes of a relay. Lives in the I/O thread, owns both streams, and writes the result to RelayState.
///
/// Destroy a pump from a task of the I/O thread, outside the signals of its sockets.
class Pump final : public QObject
{
    Q_OBJECT

public:
    explicit Pump(PumpParts parts);
    ~Pump() override;

    void start();

private:
    /// One direction, named after the side that the bytes come from.
    struct Direction
    {
        bool isRunning = false;
        bool isWanted = false; ///< A signal arrived while the direction ran.
        bool isContinuing = false; ///< Continues in the next turn of the event loop.
        bool isPassedOn = false; ///< The end of the source was passed on, and nothing follows.
        bool isCutOff = false; ///< The other side accepts no more bytes.
    };

    [[nodiscard]] Stream &stream(int side) { return *m_streams[static_cast<size_t>(side)]; }
    [[nodiscard]] Direction &direction(int from) { return m_directions[static_cast<size_t>(from)]; }

    void watch(int side);
    void run(int from);
    void move(int from);
    void continueLater(int from);
    void passOnEnd(int from);
    void onEnded(int side);
    void onFailed(int side, const QString &errorText);
    void noteProgress(int from, qsizetype bytes);
    void beginClosing();
    void linger();
    void onWritable(int side);
    void checkIdle();
    [[nodiscard]] bool isTakingBytes();
    void finishEnded();
    void finish(Relay::Reason reason, const QString &errorText = {});

    std::array<std::unique_ptr<Stream>, 2> m_streams;
    std::array<Direction, 2> m_directions;
    std::shared_ptr<RelayState> m_state;
    std::shared_ptr<PumpChunk> m_chunk; ///< Shared by all pumps of the thread; freed with the last.
    std::chrono::milliseconds m_idleTimeout;
    std::chrono::steady_clock::time_point m_lastProgress;
    QTimer m_idleTimer;
    std::array<qint64, 2> m_unacknowledged{}; ///< The values at the last check of the idle timer.
    int m_firstEnded = -1; ///< The side that ended first.
    bool m_isLingering = false;
    bool m_isOver = false;
};

} // namespace Tidepool
