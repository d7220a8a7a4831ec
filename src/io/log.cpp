// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#include "log.h"

Q_LOGGING_CATEGORY(lcTidepool, "tidepool", QtInfoMsg)
Q_LOGGING_CATEGORY(lcTidepoolTls, "tidepool.tls", QtInfoMsg)
