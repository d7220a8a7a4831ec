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

/// What a ClientPool has learned of the takes, to be kept over a restart of the program: ClientPool::levels() and
/// setLevels().
///
/// A plain value, usable in any thread. It holds numbers and times only: no address, no id and no secret. Its text is
/// never longer than maximumTextSize.
class TIDEPOOL_EXPORT SizingLevels
{
    Q_GADGET

public:
    /// So many connections were needed at once.
    struct Level
    {
        int connections = 0; ///< Range: 1 to maximumConnections.
        std::chrono::milliseconds age{0}; ///< At savedAt. Range: 0 to 24 days.
        friend bool operator==(const Level &, const Level &) = default;
    };

    static constexpr int maximumConnections = 1'000'000; ///< Of a level, and of the base.
    static constexpr int maximumLevels = 256; ///< In each list of levels.
    static constexpr int maximumBursts = 16; ///< In the list of bursts.
    static constexpr std::chrono::milliseconds maximumDialTime{10'000};
    static constexpr qsizetype maximumTextSize = 65'536; ///< Bytes.
    static constexpr int version = 1; ///< Of the format. fromJson() reads this one and those before it.

    /// By the wall clock. The time from then on makes every age greater. If it is invalid, or later than the wall clock
    /// now says, no time has passed.
    QDateTime savedAt;
    /// The levels of SizingPolicy::Predictive: each was needed last at its age. The largest and oldest first.
    QList<Level> levels;
    /// The same without the takes of bursts.
    QList<Level> levelsOutsideBursts;
    /// The last bursts, if they come at regular intervals: how many takes came within one dial time, and how long ago
    /// they began. The oldest first.
    QList<Level> bursts;
    /// Takes within one dial time outside bursts. Range: 0 to maximumConnections.
    int base = 0;
    /// The 90th percentile of the dials. 0: not known. Range: 0 to maximumDialTime.
    std::chrono::milliseconds dialTime{0};

    /// True if nothing was learned, whatever savedAt is.
    [[nodiscard]] bool isEmpty() const;
    /// These values, each within its range, each list in its order and within its length; a pool uses and returns them
    /// so. Of too many levels, neighbours are joined: the larger one, with the lesser age.
    [[nodiscard]] SizingLevels corrected() const;

    /// corrected() as JSON.
    [[nodiscard]] QJsonObject toJson() const;
    /// What toJson() wrote; what it does not know besides is ignored. std::nullopt if a field is missing or wrong, if
    /// there is too much of it, or if it is of a later version; @p problem then names the field and says what to do.
    [[nodiscard]] static std::optional<SizingLevels> fromJson(const QJsonObject &json, QString *problem = nullptr);
    /// toJson() as one line of text, for a file or for QSettings.
    [[nodiscard]] QByteArray toText() const;
    /// What toText() wrote. As fromJson(), and std::nullopt if it is longer than maximumTextSize, or no JSON.
    [[nodiscard]] static std::optional<SizingLevels> fromText(const QByteArray &text, QString *problem = nullptr);

    /// True if both say the same, savedAt included.
    friend bool operator==(const SizingLevels &, const SizingLevels &) = default;
};

} // namespace Tidepool

Q_DECLARE_METATYPE(Tidepool::SizingLevels)
