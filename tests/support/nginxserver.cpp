// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "support/nginxserver.h"

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtNetwork/QNetworkProxy>
#include <QtNetwork/QTcpSocket>

using namespace Qt::StringLiterals;

namespace TestSupport {

namespace {

void write(const QString &file, const QByteArray &content)
{
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly) || out.write(content) != content.size())
        qFatal("cannot write %s", qPrintable(file));
}

bool answers(quint16 port)
{
    QTcpSocket probe;
    probe.setProxy(QNetworkProxy::NoProxy);
    probe.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    return probe.waitForConnected(1'000);
}

} // namespace

NginxServer::NginxServer(const Settings &settings) : m_settings(settings)
{
    QDir(m_directory.path()).mkdir(u"www"_s);
    addPage(u"index.html"_s, "Hello from nginx\n");
    if (m_settings.tls
        && !m_settings.tls->save(m_directory.filePath(u"cert.pem"_s), m_directory.filePath(u"key.pem"_s)))
        qFatal("cannot write nginx's certificate");
}

bool NginxServer::isAvailable()
{
    return !findProgram(u"nginx"_s).isEmpty();
}

void NginxServer::addPage(const QString &name, const QByteArray &content) const
{
    write(m_directory.filePath(u"www/"_s + name), content);
}

QByteArray NginxServer::configuration() const
{
    QByteArray text = R"(
daemon off;
master_process off;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/error.log warn;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    client_header_timeout HEADERTIMEOUTs;
    keepalive_timeout KEEPALIVETIMEOUTs;
    server {
        listen 127.0.0.1:PORT SSL;
        ssl_certificate DIR/cert.pem;
        ssl_certificate_key DIR/key.pem;
        ssl_protocols TLSv1.3;
        ssl_session_tickets on;
        root DIR/www;
    }
}
)";
    if (!m_settings.tls) {
        text.replace("        ssl_certificate DIR/cert.pem;\n", {});
        text.replace("        ssl_certificate_key DIR/key.pem;\n", {});
    }
    text.replace("HEADERTIMEOUT", QByteArray::number(m_settings.headerTimeoutSeconds));
    text.replace("KEEPALIVETIMEOUT", QByteArray::number(m_settings.keepaliveTimeoutSeconds));
    const QByteArray listenOn = QByteArray::number(m_port) + (m_settings.tls ? " ssl" : "");
    text.replace("PORT SSL", listenOn);
    text.replace("DIR", QFile::encodeName(m_directory.path()));
    return text;
}

bool NginxServer::start()
{
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (m_port == 0)
            m_port = freePort();
        const QString file = m_directory.filePath(u"nginx.conf"_s);
        write(file, configuration());
        m_process.emplace();
        QStringList arguments{u"-p"_s, m_directory.path(), u"-c"_s, file};
        arguments += {u"-e"_s, m_directory.filePath(u"start.log"_s)};
        if (!m_process->run(findProgram(u"nginx"_s), arguments)) {
            m_errorText = m_process->errorString();
            return false;
        }
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < 5'000 && !m_process->waitForFinished(20)) {
            if (answers(m_port))
                return true;
        }
        m_errorText = QString::fromUtf8(m_process->errors());
        m_process.reset();
        m_port = 0;
    }
    return false;
}

void NginxServer::stop()
{
    m_process.reset();
}

} // namespace TestSupport
