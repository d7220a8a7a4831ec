// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include "../io/afterwrite.h"
#include "stream.h"

namespace Tidepool {

/// The stream for any socket, including TLS. When the peer ends its sending, Qt closes the socket, so half-close is not
/// supported.
class SocketStream final : public Stream
{
    Q_OBJECT

public:
    explicit SocketStream(RelayEnd end);
    ~SocketStream() override;

    void start() override;
    [[nodiscard]] qsizetype read(char *bytes, qsizetype size) override;
    void setReading(bool) override {} // the size of its read buffer is limited
    [[nodiscard]] bool isReadingOver() const override;
    [[nodiscard]] qsizetype room() const override;
    void write(const char *bytes, qsizetype size) override;
    bool endWriting() override;
    [[nodiscard]] bool isWritingOver() const override;
    [[nodiscard]] qint64 unacknowledged() const override;
    [[nodiscard]] QString errorText() const override { return m_errorText; }
    [[nodiscard]] bool isOver() const override;
    void close() override;

private:
    void onReadyRead();
    void onSent();
    void onError();
    void onDisconnected();
    [[nodiscard]] qint64 unsent() const;
    void flushLater();

    RelayEnd m_end;
    QTcpSocket *m_socket;
    QSslSocket *m_tls; ///< The same socket, if it is a QSslSocket.
    std::unique_ptr<LingeringClose> m_lingering; ///< Until the peer's end.
    QString m_errorText;
    bool m_isEnding = false; ///< The first end is ours.
    bool m_isReadableDue = false;
    bool m_isFlushDue = false;
};

} // namespace Tidepool
