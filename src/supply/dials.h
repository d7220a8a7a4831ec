// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../policy/dialwindow.h"
#include "dial.h"

#include <functional>
#include <unordered_map>
#include <vector>

namespace Tidepool {

/// How a dial ended.
struct DialOutcome
{
    enum class Kind : quint8 {
        Made, ///< The pool has the connection.
        Died, ///< It was made, but was no good any more when it came to the pool.
        Failed, ///< Nothing was made: see error.
        Withdrawn, ///< It would have timed out behind others, and is none: nothing was wrong with it.
    };
    Kind kind = Kind::Failed;
    int round = 0; ///< DialPlan::round
    quint64 generation = 0; ///< DialPlan::generation
    std::chrono::steady_clock::time_point begunAt;
    std::chrono::steady_clock::time_point endedAt;
    PoolError error; ///< Of Kind::Failed.
    QHostAddress peer; ///< Of Kind::Made: what the connection leads to, or its proxy; null if that is not known.
};

/// The dials under way: owns them, limits how many there are, and delivers what they make to the sink.
///
/// If more are under way than the server can serve before they time out, it withdraws those for which it is too late.
/// They are no failures, and may begin again when there is room.
///
/// Lives in the I/O thread; as a child of a QObject it moves there with it.
class Dials final : public QObject
{
    Q_OBJECT

public:
    /// @p onEnded is called after the sink has heard of what was made. Not for dials that abandon() ended.
    Dials(ConnectionSink &sink, std::function<void(const DialOutcome &)> onEnded, QObject *parent);
    ~Dials() override;
    Q_DISABLE_COPY_MOVE(Dials)

    /// The most that may be under way, whatever was learned.
    void setMaximum(int maximum) { m_window.setMaximum(maximum); }
    /// The server is another one.
    void forgetServer() { m_window.reset(); }
    /// The same, and one dial goes ahead.
    void startSlowly() { m_window.startSlowly(); }

    [[nodiscard]] int underWay() const { return static_cast<int>(m_dials.size()); }
    /// So many more may begin now.
    [[nodiscard]] int free() const { return m_window.size() - underWay(); }

    void begin(const DialPlan &plan);
    /// Prepares the process for so many @p connections.
    void makeRoomFor(int connections);
    void abandon() { m_dials.clear(); }

private:
    struct UnderWay
    {
        std::unique_ptr<Dial> dial;
        int ahead = 0; ///< DialWindow::Begin::ahead
    };
    [[nodiscard]] UnderWay remove(Dial *dial);
    [[nodiscard]] std::vector<DialOutcome> withdrawHopeless(std::chrono::steady_clock::time_point now);
    void onFinished(Dial *dial);
    void onFailed(Dial *dial);

    ConnectionSink &m_sink;
    std::function<void(const DialOutcome &)> m_onEnded;
    std::unordered_map<Dial *, UnderWay> m_dials;
    DialWindow m_window;
    int m_roomFor = 0; ///< For so many connections, room was made for descriptors.
};

} // namespace Tidepool
