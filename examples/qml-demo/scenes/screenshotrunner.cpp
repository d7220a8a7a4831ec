// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "screenshotrunner.h"

#include "session.h"

#include <QtGui/QImage>
#include <QtQuick/QQuickWindow>

namespace Dashboard {

using Tidepool::PoolState;
using namespace std::chrono_literals;

namespace {

constexpr auto lookInterval = 20ms;
// The value of PoolHistory in Dashboard.qml.
constexpr int samplesPerSecond = 2;
constexpr int steadyLoad = 30;
constexpr int farAway = 160; // milliseconds
constexpr int crowd = 90;
constexpr auto longOutage = 60s;

} // namespace

ScreenshotRunner::ScreenshotRunner(QQuickWindow &window, Session &session, QObject *parent)
    : QObject(parent), m_window(window), m_session(session)
{
    m_look.setInterval(lookInterval);
    connect(&m_look, &QTimer::timeout, this, &ScreenshotRunner::look);
}

void ScreenshotRunner::take(Scene scene, std::chrono::seconds past, const QString &file)
{
    m_file = file;
    m_session.lab()->setLoad(steadyLoad);
    plan(scene, past);
    m_stepTime.start();
    m_look.start();
}

void ScreenshotRunner::plan(Scene scene, std::chrono::seconds past)
{
    Lab &lab = *m_session.lab();
    const auto status = [this] { return m_session.pool()->status(); };
    const auto isWell = [status] { return status().state == PoolState::Ready && status().active > 0; };
    const int wanted = static_cast<int>(past.count()) * samplesPerSecond;
    const auto pastIsSeen = [this, wanted] { return samples() >= wanted; };
    const auto patience = past + 30s;

    m_steps.push_back({QStringLiteral("connections are warm"), isWell, {}});
    if (scene == Scene::Dark) {
        m_steps.push_back({QStringLiteral("half of the past is seen"),
                           [this, wanted] { return samples() >= wanted / 2; }, [&lab] { lab.burst(); }, patience});
    }
    m_steps.push_back({QStringLiteral("the past is seen"), pastIsSeen, {}, patience});
    switch (scene) {
    case Scene::Burst:
        // A long distance, so that a picture can show takes that wait.
        m_steps.back().thenDo = [&lab] {
            lab.setRoundTripMs(farAway);
            lab.burst(crowd);
        };
        m_steps.push_back({QStringLiteral("takes wait, and the chart shows it"),
                           [this, status, &lab] {
                               if (status().waiting == 0 && status().active > status().capacity / 2)
                                   lab.burst(crowd);
                               return highest(QStringLiteral("waiting")) > 0 && status().waiting > 0;
                           },
                           {}});
        break;
    case Scene::Outage:
        m_steps.back().thenDo = [&lab] { lab.beginOutage(std::chrono::milliseconds(longOutage).count()); };
        // Show some seconds of the outage, and a countdown that the user can read.
        m_steps.push_back({QStringLiteral("the pool waits for its next attempt"),
                           [this, &lab] {
                               const auto &shown = m_session.status();
                               return shown.state == PoolState::Degraded && shown.nextAttempt > 1s
                                   && std::chrono::milliseconds(lab.outageLeftMs()) < longOutage - 4s;
                           },
                           {}});
        break;
    case Scene::Hostile:
        m_steps.back().thenDo = [this, &lab] {
            page()->property("events").value<QObject *>()->setProperty("showServer", true);
            lab.attack();
        };
        m_steps.push_back({QStringLiteral("the server has thrown the hostile clients out"),
                           [this, isWell] { return isWell() && m_session.serverPool()->status().failedTotal() >= 20; },
                           {}});
        break;
    case Scene::Connect:
        m_window.findChild<QObject *>(QStringLiteral("sidePanel"))->setProperty("page", 1);
        break;
    case Scene::Ready:
    case Scene::Dark:
    case Scene::Narrow:
        m_steps.push_back({QStringLiteral("connections are warm again"), isWell, {}});
        break;
    }
}

void ScreenshotRunner::look()
{
    Step &step = m_steps.front();
    if (!step.isReached()) {
        if (std::chrono::milliseconds(m_stepTime.elapsed()) > step.limit) {
            m_look.stop();
            emit finished(
                QStringLiteral("waited %1 s until %2, in vain; the pool says: %3. Try again on a machine with "
                               "less to do.")
                    .arg(step.limit.count() / 1000)
                    .arg(step.what, m_session.advice()));
        }
        return;
    }
    const auto thenDo = std::move(step.thenDo);
    m_steps.pop_front();
    m_stepTime.restart();
    if (thenDo)
        thenDo();
    if (m_steps.empty())
        shoot();
}

void ScreenshotRunner::shoot()
{
    m_look.stop();
    const QImage picture = m_window.grabWindow();
    const bool isWritten = !picture.isNull() && picture.save(m_file, "PNG");
    emit finished(isWritten ? QString()
                            : QStringLiteral("cannot write %1; check the folder and who may write there.").arg(m_file));
}

QObject *ScreenshotRunner::page() const
{
    return m_window.property("page").value<QObject *>();
}

double ScreenshotRunner::highest(const QString &metric) const
{
    qreal value = 0;
    QMetaObject::invokeMethod(page()->property("history").value<QObject *>(), "maximum", Q_RETURN_ARG(qreal, value),
                              Q_ARG(QString, metric));
    return value;
}

int ScreenshotRunner::samples() const
{
    return page()->property("history").value<QObject *>()->property("count").toInt();
}

} // namespace Dashboard
