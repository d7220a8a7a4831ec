// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "sharedcontext.h"

namespace Tidepool {

void SharedTlsContext::applyTo(QSslSocket &) {}

void SharedTlsContext::captureFrom(QSslSocket &) {}

} // namespace Tidepool
