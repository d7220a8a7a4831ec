// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QLoggingCategory>

/// The log of the library, category "tidepool". The library never logs a secret.
Q_DECLARE_LOGGING_CATEGORY(lcTidepool)
/// Advice about TLS settings that work but give little protection, category "tidepool.tls".
Q_DECLARE_LOGGING_CATEGORY(lcTidepoolTls)
