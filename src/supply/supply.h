// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

namespace Tidepool {

/// Makes a pool's connections. Lives in the I/O thread from start() to its destruction.
class Supply : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    virtual void start() = 0;
    /// Something changed in ConnectionSink::demand().
    virtual void wake() = 0;
    virtual void setPaused(bool paused) = 0;
    /// Abandons what is under way: it would be dropped anyhow.
    virtual void abandon() = 0;
    /// Makes no more connections, for good.
    virtual void retire()
    {
        setPaused(true);
        abandon();
    }

    /// The pool's generation that what it begins belongs to. It comes the same way as the settings and together with
    /// them, so that nothing begun under old settings can be taken for new.
    void setGeneration(quint64 generation) { m_generation = generation; }

protected:
    [[nodiscard]] quint64 generation() const { return m_generation; }

private:
    quint64 m_generation = 0;
};

} // namespace Tidepool
