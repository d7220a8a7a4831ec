// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "diagnosis.h"

#include <tidepool/poolerror.h>

namespace Tidepool {

namespace {

Diagnosis silenceIn(Phase phase)
{
    switch (phase) {
    case Phase::Resolve:
        return Diagnosis::NameNotFound;
    case Phase::Dial:
        return Diagnosis::NoAnswer;
    case Phase::Handshake:
        return Diagnosis::TlsFailed;
    case Phase::Identify:
        return Diagnosis::WrongProtocol;
    default:
        return Diagnosis::Other;
    }
}

} // namespace

Diagnosis diagnose(const PoolError &lastError, bool isOffline, bool isClosedWhenIdle)
{
    // Without a network, what failed last may have failed for want of it.
    if (isOffline)
        return Diagnosis::NoNetwork;
    switch (lastError.kind()) {
    case ErrorKind::None:
        return isClosedWhenIdle ? Diagnosis::ClosedWhenIdle : Diagnosis::None;
    case ErrorKind::Timeout:
        return silenceIn(lastError.phase());
    case ErrorKind::Settings:
    case ErrorKind::SourceAddress:
    case ErrorKind::Resources:
        return Diagnosis::ThisMachine;
    case ErrorKind::HostNotFound:
        return Diagnosis::NameNotFound;
    case ErrorKind::Unreachable:
        return Diagnosis::Unreachable;
    case ErrorKind::Refused:
        return Diagnosis::Refused;
    case ErrorKind::Proxy:
        return Diagnosis::ProxyFailed;
    case ErrorKind::PeerClosed:
        return Diagnosis::ServerCloses;
    case ErrorKind::Tls:
    case ErrorKind::Certificate:
    case ErrorKind::CertificateDate:
    case ErrorKind::Pin:
        return Diagnosis::TlsFailed;
    case ErrorKind::BadIdentity:
    case ErrorKind::SpokeFirst:
        return Diagnosis::WrongProtocol;
    case ErrorKind::Cancelled:
    case ErrorKind::Closed:
    case ErrorKind::Empty:
    case ErrorKind::Limit:
    case ErrorKind::Other:
        break;
    }
    return Diagnosis::Other;
}

} // namespace Tidepool
