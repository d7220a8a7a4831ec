// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statusline.h"

#include "console.h"

#include <array>
#include <chrono>

namespace Tunnel {

namespace {

constexpr std::chrono::milliseconds interval{200};

} // namespace

StatusLine::StatusLine(std::function<QString()> text, QObject *parent) : QObject(parent), m_text(std::move(text))
{
    m_timer.setInterval(interval);
    connect(&m_timer, &QTimer::timeout, this, &StatusLine::update);
}

StatusLine::~StatusLine()
{
    stop();
}

void StatusLine::start()
{
    if (!Console::stderrIsTerminal())
        return;
    update();
    m_timer.start();
}

void StatusLine::stop()
{
    m_timer.stop();
    Console::setStatusLine({});
}

void StatusLine::update()
{
    Console::setStatusLine(m_text());
}

double Rate::look(qint64 bytes)
{
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - m_last).count();
    const double rate = seconds > 0 ? static_cast<double>(bytes - m_bytes) / seconds / 1e6 : 0;
    m_last = now;
    m_bytes = bytes;
    return rate;
}

QString formatBytes(qint64 bytes)
{
    constexpr std::array<const char *, 5> units{"B", "kB", "MB", "GB", "TB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return QStringLiteral("%1 %2")
        .arg(value, 0, 'f', unit == 0 || value >= 100 ? 0 : 1)
        .arg(QString::fromLatin1(units.at(unit)));
}

} // namespace Tunnel
