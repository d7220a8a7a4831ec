// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/global.h>

#include <QtCore/QByteArray>
#include <QtCore/QDateTime>
#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>

#include <chrono>
#include <optional>

namespace Tidepool {

/// What a ClientPool has learned from the takes. An application can save this value and restore it after a restart of
/// the program: see ClientPool::levels() and ClientPool::setLevels().
///
/// A plain value, usable in any thread. The value holds only numbers and times: no address, no id and no secret. The
/// text form is never longer than maximumTextSize.
class TIDEPOOL_EXPORT SizingLevels
{
    Q_GADGET

public:
    /// A number of connections that were needed at once.
    struct Level
    {
        int connections = 0; ///< Range: 1 to maximumConnections.
        std::chrono::milliseconds age{0}; ///< The age at savedAt. Range: 0 to 24 days.
        friend bool operator==(const Level &, const Level &) = default;
    };

    static constexpr int maximumConnections = 1'000'000; ///< The maximum of a level, and of the base.
    static constexpr int maximumLevels = 256; ///< The maximum length of each list of levels.
    static constexpr int maximumBursts = 16; ///< The maximum length of the list of bursts.
    static constexpr std::chrono::milliseconds maximumDialTime{10'000};
    static constexpr qsizetype maximumTextSize = 65'536; ///< Bytes.
    static constexpr int version = 1; ///< The version of the format. fromJson() also reads earlier versions.

    /// The wall clock time of saving. All ages grow by the time since then. If savedAt is invalid or later than the
    /// current wall clock time, the ages do not grow.
    QDateTime savedAt;
    /// The levels of SizingPolicy::Predictive. Each level was last needed at its age. The largest and oldest level
    /// comes first.
    QList<Level> levels;
    /// The same levels, calculated without the takes of bursts.
    QList<Level> levelsOutsideBursts;
    /// The last bursts, if bursts come at regular intervals: the number of takes within one dial time, and the time
    /// since the burst started. The oldest burst comes first.
    QList<Level> bursts;
    /// The number of takes within one dial time outside bursts. Range: 0 to maximumConnections.
    int base = 0;
    /// The 90th percentile of the dial times. 0: not known. Range: 0 to maximumDialTime.
    std::chrono::milliseconds dialTime{0};

    /// True if nothing was learned. savedAt does not matter.
    [[nodiscard]] bool isEmpty() const;
    /// A copy with each value corrected to its range and each list in order and within its maximum length. A pool uses
    /// and returns the corrected values. If there are too many levels, neighbouring levels are joined: the larger
    /// number, with the lower age.
    [[nodiscard]] SizingLevels corrected() const;

    /// corrected() as JSON.
    [[nodiscard]] QJsonObject toJson() const;
    /// Reads what toJson() wrote. Unknown fields are ignored. Returns std::nullopt if a field is missing or wrong, if a
    /// list is too long, or if the version is later than version. @p problem then names the field and says what to do.
    [[nodiscard]] static std::optional<SizingLevels> fromJson(const QJsonObject &json, QString *problem = nullptr);
    /// toJson() as one line of text, for a file or for QSettings.
    [[nodiscard]] QByteArray toText() const;
    /// Reads what toText() wrote. See fromJson(). Also returns std::nullopt if the text is longer than maximumTextSize
    /// or is not JSON.
    [[nodiscard]] static std::optional<SizingLevels> fromText(const QByteArray &text, QString *problem = nullptr);

    /// True if all fields, including savedAt, are equal.
    friend bool operator==(const SizingLevels &, const SizingLevels &) = default;
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::SizingLevels)
