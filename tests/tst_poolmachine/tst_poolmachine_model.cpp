// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// A failure prints its seed: TIDEPOOL_MACHINE_SEED=<seed> repeats it; TIDEPOOL_MACHINE_STEPS says how many calls.

#include "modelrun.h"

#include <QtTest/QTest>

#include <random>

/// The rules of a pool against a naive description of them, with random calls.
class tst_PoolMachineModel : public QObject
{
    Q_OBJECT

private slots:
    void agrees_data();
    void agrees();
};

void tst_PoolMachineModel::agrees_data()
{
    QTest::addColumn<bool>("isServer");
    QTest::newRow("client") << false;
    QTest::newRow("server") << true;
}

void tst_PoolMachineModel::agrees()
{
    QFETCH(bool, isServer);
    bool isGiven = false;
    auto seed = static_cast<unsigned>(qEnvironmentVariableIntValue("TIDEPOOL_MACHINE_SEED", &isGiven));
    if (!isGiven)
        seed = std::random_device()();
    int steps = qEnvironmentVariableIntValue("TIDEPOOL_MACHINE_STEPS", &isGiven);
    if (!isGiven)
        steps = 100'000;
    qInfo("TIDEPOOL_MACHINE_SEED=%u", seed);
    ModelRun run(isServer, seed);
    for (int i = 0; i < steps; ++i)
        QVERIFY2(run.step(), qPrintable(QStringLiteral("Call %1: %2").arg(i).arg(run.problem())));
}

QTEST_GUILESS_MAIN(tst_PoolMachineModel)
#include "tst_poolmachine_model.moc"
