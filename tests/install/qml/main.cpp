// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Warms a connection from QML, with an installed Tidepool: the types come with the program (static), or QML finds them
// on its import path (shared).

#include <QtCore/QTimer>
#include <QtGui/QGuiApplication>
#include <QtQml/QQmlComponent>
#include <QtQml/QQmlEngine>

#include <cstdio>
#include <memory>

int main(int argc, char *argv[])
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    const QGuiApplication app(argc, argv);
    QQmlEngine engine;
    engine.addImportPath(QStringLiteral(TIDEPOOL_QML_PATH));
    QQmlComponent component(&engine);
    component.setData(R"(
        import QtQml
        import Tidepool
        QtObject {
            id: root
            signal done
            property ServerPool server: ServerPool { id: server; running: true }
            property ClientPool client: ClientPool {
                id: client
                host: "127.0.0.1"; port: server.serverPort; running: server.serverPort > 0
                onActiveChanged: if (client.active > 0) root.done()
            }
        })",
                      {});
    const std::unique_ptr<QObject> root(component.create());
    if (!root) {
        std::fputs(qPrintable(component.errorString()), stderr);
        return 1;
    }
    QObject::connect(root.get(), SIGNAL(done()), &app, SLOT(quit()));
    QTimer::singleShot(10'000, &app, [] { QCoreApplication::exit(2); });
    return QGuiApplication::exec();
}
