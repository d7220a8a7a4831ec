// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs the dashboard of docs/qml.md as it stands there.

#include <QtCore/QAbstractItemModel>
#include <QtCore/QFile>
#include <QtCore/QRegularExpression>
#include <QtQml/QQmlApplicationEngine>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace Qt::StringLiterals;

class tst_QmlGuide : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void dashboard();
    void length();
};

void tst_QmlGuide::dashboard()
{
    QTest::failOnWarning(QRegularExpression(u"qml|nowhere to connect to"_s));
    QQmlApplicationEngine engine;
    QSignalSpy warnings(&engine, &QQmlEngine::warnings);
    engine.load(QUrl::fromLocalFile(QStringLiteral(GUIDE_DASHBOARD)));
    QCOMPARE(engine.rootObjects().size(), 1);
    QObject *window = engine.rootObjects().constFirst();
    QTRY_VERIFY(window->property("title").toString().startsWith(u"Ready: "_s));
    const auto models = window->findChildren<QAbstractItemModel *>();
    QCOMPARE(models.size(), 2);
    // A pool that is ready quickly may emit one change of its state only: changes within one turn are combined.
    for (const QAbstractItemModel *model : models)
        QTRY_VERIFY2(
            model->rowCount() >= (model->inherits("Tidepool::Qml::EventModel") ? 1 : 8),
            qPrintable(
                u"%1 has %2 rows"_s.arg(QString::fromLatin1(model->metaObject()->className())).arg(model->rowCount())));
    QCOMPARE(warnings.count(), 0);
}

void tst_QmlGuide::length()
{
    QFile file(QStringLiteral(GUIDE_DASHBOARD));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll().trimmed();
    QVERIFY2(text.count('\n') < 20, "It is to have twenty lines at most.");
}

QTEST_MAIN(tst_QmlGuide)
#include "tst_qml_guide.moc"
