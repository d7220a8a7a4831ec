// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/QLoggingCategory>

/// The program's only logging category, "tidepool.tunnel". The program never logs a secret.
Q_DECLARE_LOGGING_CATEGORY(lcTunnel)
