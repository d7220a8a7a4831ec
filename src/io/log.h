// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QLoggingCategory>

/// What the library logs, category "tidepool". Nothing secret is ever logged.
Q_DECLARE_LOGGING_CATEGORY(lcTidepool)
/// Advice about TLS settings that work but protect little, category "tidepool.tls".
Q_DECLARE_LOGGING_CATEGORY(lcTidepoolTls)
