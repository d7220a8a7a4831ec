// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QObject>

#include <memory>
#include <vector>

namespace Tidepool {

class IoThread;

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

    /// The other I/O threads in which it has something under way. With its destruction that ends there as well, a
    /// moment later: in a task that is posted to them by then, and perhaps another one to its own.
    [[nodiscard]] virtual std::vector<std::shared_ptr<IoThread>> otherIoThreads() const { return {}; }

    /// The pool's generation that what it begins belongs to. It comes the same way as the settings and together with
    /// them, so that nothing begun under old settings can be taken for new.
    void setGeneration(quint64 generation) { m_generation = generation; }

protected:
    [[nodiscard]] quint64 generation() const { return m_generation; }

private:
    quint64 m_generation = 0;
};

} // namespace Tidepool
