// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <tidepool/pool.h>

#include <QtCore/QAbstractItemModel>
#include <QtQml/QQmlComponent>
#include <QtQml/QQmlContext>
#include <QtQml/QQmlEngine>
#include <QtQml/QQmlExpression>
#include <QtTest/QTest>

#include <memory>

namespace TestSupport {

/// Makes one object from QML text, as an application would; the messages of a failure become the test's.
class QmlBench
{
public:
    explicit QmlBench(const QByteArray &qml, const QVariantMap &initial = {})
    {
        QQmlComponent component(&m_engine);
        component.setData("import QtQml\nimport QtQuick\nimport Tidepool\n" + qml, {});
        m_object.reset(component.createWithInitialProperties(initial));
        m_errors = component.errorString();
        if (!m_object)
            qWarning("%ls", qUtf16Printable(m_errors));
    }

    [[nodiscard]] QObject *object() const { return m_object.get(); }
    [[nodiscard]] QString errors() const { return m_errors; }
    /// The object named @p name, by its objectName.
    template <typename T>
    [[nodiscard]] T *find(const QString &name) const
    {
        return m_object ? m_object->findChild<T *>(name) : nullptr;
    }
    [[nodiscard]] QVariant get(const char *property) const { return m_object->property(property); }
    /// Evaluates JavaScript in the object's scope.
    QVariant evaluate(const QString &expression)
    {
        QQmlExpression script(qmlContext(m_object.get()), m_object.get(), expression);
        const QVariant result = script.evaluate();
        if (script.hasError())
            qWarning("%ls", qUtf16Printable(script.error().toString()));
        return result;
    }

private:
    QQmlEngine m_engine;
    std::unique_ptr<QObject> m_object;
    QString m_errors;
};

} // namespace TestSupport
