// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "qml/qmlbench.h"

#include <QtCore/QMetaProperty>

namespace TestSupport {

/// Compares a binding with what it is bound to, each time that the latter tells of a change.
class BindingWatch : public QObject
{
    Q_OBJECT

public:
    BindingWatch(QmlBench &bench, const char *bound, const char *source)
        : m_bench(bench), m_bound(bound), m_source(QString::fromLatin1(source))
    {
        // "status.takenTotal" is told of by "status".
        const QObject *object = bench.object();
        const QMetaObject *type = object->metaObject();
        const int property = type->indexOfProperty(m_source.section(QLatin1Char('.'), 0, 0).toLatin1().constData());
        // The binding was connected before, so it has been evaluated when compare() is called.
        const int slot = metaObject()->indexOfSlot("compare()");
        if (!connect(object, type->property(property).notifySignal(), this, metaObject()->method(slot)))
            qFatal("%s tells of no change", source);
    }

    [[nodiscard]] const char *bound() const { return m_bound; }
    [[nodiscard]] int compared() const { return m_compared; }

public Q_SLOTS:
    void compare()
    {
        ++m_compared;
        const QVariant now = m_bench.evaluate(m_source);
        if (m_bench.get(m_bound).toString() != now.toString())
            QFAIL(qPrintable(QStringLiteral("%1 is %2, not %3")
                                 .arg(QLatin1String(m_bound), m_bench.get(m_bound).toString(), now.toString())));
    }

private:
    QmlBench &m_bench;
    const char *m_bound;
    const QString m_source;
    int m_compared = 0;
};

} // namespace TestSupport
