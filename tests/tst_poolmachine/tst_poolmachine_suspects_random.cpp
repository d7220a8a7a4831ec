// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "suspectsbench.h"

#include <random>

using namespace Qt::StringLiterals;
using namespace TestSupport;

/// The rules of suspects hold whatever happens in whatever order.
class tst_PoolMachineSuspectsRandom : public QObject
{
    Q_OBJECT

private slots:
    void rulesHoldAtRandom();
};

// Whatever comes in whatever order.
void tst_PoolMachineSuspectsRandom::rulesHoldAtRandom()
{
    for (quint32 seed = 1; seed <= 30; ++seed) {
        std::minstd_rand random(seed);
        const auto below = [&random](int end) { return static_cast<int>(random() % static_cast<quint32>(end)); };
        CorePolicy policy;
        policy.limit = 12;
        SuspectsBench bench(policy);
        quint32 nextId = 1;
        for (int step = 0; step < 3'000; ++step) {
            const auto anyId = static_cast<quint32>(1 + below(static_cast<int>(nextId)));
            switch (below(16)) {
            case 0:
            case 1:
            case 2: {
                auto arrival = bench.establish(nextId);
                if (arrival.out) {
                    arrival.out->descriptor = static_cast<qintptr>(nextId);
                    lines[static_cast<qintptr>(nextId)].heardAt = bench.now;
                    bench.offer(arrival.out);
                }
                ++nextId;
                break;
            }
            case 3:
                (void)bench.take();
                break;
            case 4:
                (void)bench.take(ConnectionId(anyId));
                break;
            case 5:
                if (!bench.tokens.empty()) {
                    CheckedOut out = bench.machine.giveBack(bench.tokens.back(), true, false, bench.now);
                    bench.tokens.pop_back();
                    if (out)
                        bench.offer(out);
                }
                break;
            case 6:
                (void)bench.die(anyId, below(2) == 0 ? EvictionCause::SocketError : EvictionCause::PeerClosed);
                break;
            case 7:
            case 8:
                (void)bench.machine.attemptFailed(unanswered);
                break;
            case 9:
            case 10:
                bench.answer(anyId);
                break;
            case 11:
                if (const auto held = bench.machine.held(); !held.empty()) {
                    CheckedOut out =
                        bench.machine.examine(held[static_cast<size_t>(below(static_cast<int>(held.size())))]->token());
                    if (out) {
                        out->hasEnded = below(4) == 0;
                        bench.machine.examined(out, 0, below(2) == 0, false);
                        bench.offer(out);
                    }
                }
                break;
            case 12:
                policy.lifetimes.maximumIdle = std::chrono::seconds(20 * below(3));
                policy.limit = 6 + below(8);
                (void)bench.machine.setPolicy(policy, bench.moment());
                break;
            case 13:
                if (below(10) == 0) {
                    (void)bench.machine.flush(bench.moment());
                    bench.generation = bench.machine.generation();
                }
                break;
            case 14:
                (void)bench.machine.evictSurplusOf(below(12), bench.moment());
                break;
            default:
                bench.wait(std::chrono::milliseconds(below(3'000)));
                break;
            }
            VERIFY_RULES(bench);
        }
    }
}

QTEST_GUILESS_MAIN(tst_PoolMachineSuspectsRandom)
#include "tst_poolmachine_suspects_random.moc"
