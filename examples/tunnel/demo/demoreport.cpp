// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "demoreport.h"

#include "../cli/statusline.h"

#include <algorithm>

namespace Tunnel {

namespace {

constexpr int nameWidth = 22;
constexpr int valueWidth = 14;
constexpr int barWidth = 12;
constexpr int ruleWidth = 72;

QString number(double value, int decimals = 1)
{
    return QString::number(value, 'f', decimals);
}

/// "0.42 ms", "13 ms", "1.3 s"
QString duration(double milliseconds)
{
    if (milliseconds >= 1000)
        return number(milliseconds / 1000) + QStringLiteral(" s");
    return number(milliseconds, milliseconds < 10 ? 2 : 0) + QStringLiteral(" ms");
}

QString percentiles(const Tidepool::Distribution &distribution)
{
    return QStringLiteral("p90 %1, p99 %2, at most %3")
        .arg(duration(distribution.p90()), duration(distribution.p99()), duration(distribution.maximumMs()));
}

} // namespace

QString DemoReport::title() const
{
    return QString(
        QLatin1Char('\n') + styled(Style::Bold, QStringLiteral("  tidepool demo"))
        + styled(Style::Dim, QStringLiteral("  both ends of a tunnel in one process, over loopback TLS 1.3\n\n")));
}

QString DemoReport::done(const QString &what, const QString &detail) const
{
    const QString mark = m_unicode ? QStringLiteral("✓") : QStringLiteral("ok");
    return QString(QStringLiteral("  ") + styled(Style::Good, mark) + QLatin1Char(' ') + what.leftJustified(nameWidth)
                   + styled(Style::Dim, detail) + QLatin1Char('\n'));
}

QString DemoReport::failed(const QString &what, const QString &detail) const
{
    const QString mark = m_unicode ? QStringLiteral("✗") : QStringLiteral("FAILED");
    return QString(QStringLiteral("  ") + styled(Style::Bad, mark) + QLatin1Char(' ') + what.leftJustified(nameWidth)
                   + detail + QLatin1Char('\n'));
}

QString DemoReport::progress(const Progress &progress) const
{
    // The last visitors can take much longer than the time in which new visitors came.
    const QString state =
        progress.share < 1 ? bar(progress.share, barWidth) : QStringLiteral("last %1").arg(progress.underWay);
    return QStringLiteral("  %1 active %2  capacity %3  interval %4 ms  waiting %5  %6 MB/s")
        .arg(state, -barWidth)
        .arg(progress.active, 2)
        .arg(progress.capacity, 2)
        .arg(progress.intervalMs, 3)
        .arg(progress.waiting, 2)
        .arg(progress.megabytesPerSecond, 4, 'f', 0);
}

QString DemoReport::summary(const Summary &summary) const
{
    return QString(throughput(summary) + pool(summary) + verdict(summary.results));
}

bool DemoReport::isRight(const DemoResults &results)
{
    return results.right > 0 && results.right == results.begun;
}

QString DemoReport::styled(Style style, const QString &text) const
{
    if (!m_colours || style == Style::Plain)
        return text;
    const char *code = "0";
    switch (style) {
    case Style::Bold:
        code = "1";
        break;
    case Style::Dim:
        code = "2";
        break;
    case Style::Good:
        code = "1;32";
        break;
    case Style::Bad:
        code = "1;31";
        break;
    case Style::Accent:
        code = "36";
        break;
    case Style::Plain:
        break;
    }
    return QString(QStringLiteral("\x1b[") + QString::fromLatin1(code) + QLatin1Char('m') + text
                   + QStringLiteral("\x1b[0m"));
}

QString DemoReport::heading(const QString &text) const
{
    const QString line =
        QString(m_unicode ? QChar(u'─') : QChar(u'-')).repeated(ruleWidth - static_cast<int>(text.size()) - 1);
    return QString(QStringLiteral("\n  ") + styled(Style::Bold, text) + QLatin1Char(' ') + styled(Style::Dim, line)
                   + QLatin1Char('\n'));
}

QString DemoReport::row(const QString &name, const QString &value, const QString &note) const
{
    return QString(QStringLiteral("  ") + name.leftJustified(nameWidth + 2)
                   + styled(Style::Accent, value.rightJustified(valueWidth)) + QStringLiteral("   ")
                   + styled(Style::Dim, note) + QLatin1Char('\n'));
}

QString DemoReport::bar(double share, int width) const
{
    const int full = std::clamp(static_cast<int>(share * width + 0.5), 0, width);
    const QChar on = m_unicode ? QChar(u'━') : QChar(u'=');
    const QChar off = m_unicode ? QChar(u'─') : QChar(u'.');
    return styled(Style::Accent, QString(full, on)) + styled(Style::Dim, QString(width - full, off));
}

QString DemoReport::throughput(const Summary &summary) const
{
    const DemoResults &results = summary.results;
    const auto bytes = results.sent.load() + results.received.load();
    const QString right = QStringLiteral("every byte right by SHA-256");
    const QString wrong = QStringLiteral("NOT what was sent");
    return QString(
        heading(QStringLiteral("Through the tunnel"))
        + row(QStringLiteral("connections"), QString::number(results.begun),
              QStringLiteral("%1 right, %2 wrong, %3 broken off")
                  .arg(results.right.load())
                  .arg(std::max(results.wrongUp.load(), results.wrongDown.load()))
                  .arg(results.broken.load()))
        + row(QStringLiteral("visitors to target"), formatBytes(results.sent), results.wrongUp == 0 ? right : wrong)
        + row(QStringLiteral("target to visitors"), formatBytes(results.received),
              results.wrongDown == 0 ? right : wrong)
        + row(QStringLiteral("throughput"),
              number(static_cast<double>(bytes) / summary.time.count() / 1e6, 0) + QStringLiteral(" MB/s"),
              QStringLiteral("at best %1 MB/s; %2 s in all")
                  .arg(number(summary.bestRate, 0), number(summary.time.count())))
        + row(QStringLiteral("first byte back after"), duration(results.firstByte.p50()),
              percentiles(results.firstByte)));
}

QString DemoReport::pool(const Summary &summary) const
{
    const qint64 served = summary.server.visitorsServed;
    const qint64 warm = summary.server.servedWarm;
    const double share = served == 0 ? 0 : 100.0 * static_cast<double>(warm) / static_cast<double>(served);
    const Tidepool::Distribution wait = summary.server.visitorWait.get();
    return QString(heading(QStringLiteral("The pool"))
                   + row(QStringLiteral("found it warm"), number(share) + QStringLiteral(" %"),
                         QStringLiteral("%1 of %2 visitors did not wait for a dial").arg(warm).arg(served))
                   + row(QStringLiteral("wait for a connection"), duration(wait.p50()), percentiles(wait))
                   + row(QStringLiteral("dial and handshake"), duration(summary.client.dialTime.p50()),
                         percentiles(summary.client.dialTime))
                   + row(QStringLiteral("connections dialled"), QString::number(summary.client.established),
                         QStringLiteral("%1 failed, %2 evicted")
                             .arg(summary.client.failedTotal())
                             .arg(summary.client.evictedTotal()))
                   + row(QStringLiteral("capacity"), QString::number(summary.client.capacity),
                         QStringLiteral("at most %1 in this run").arg(summary.highestCapacity)));
}

QString DemoReport::verdict(const DemoResults &results) const
{
    if (isRight(results)) {
        return QString(QLatin1Char('\n')
                       + done(QStringLiteral("All of it is right:"),
                              QStringLiteral("%1 connections, both ways, byte for byte.").arg(results.right.load()))
                       + QLatin1Char('\n'));
    }
    QString text(QLatin1Char('\n'));
    text += failed(QStringLiteral("It is not right:"),
                   QStringLiteral("%1 of %2 connections delivered what was sent.")
                       .arg(results.right.load())
                       .arg(results.begun.load()));
    for (auto reason = results.reasons.cbegin(); reason != results.reasons.cend(); ++reason)
        text += QStringLiteral("      %1 x %2\n").arg(reason.value()).arg(reason.key());
    return text + QLatin1Char('\n');
}

} // namespace Tunnel
