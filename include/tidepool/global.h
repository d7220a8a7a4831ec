// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

#include <QtCore/qglobal.h>

#if defined(TIDEPOOL_STATIC)
#    define TIDEPOOL_EXPORT
#elif defined(TIDEPOOL_BUILD)
#    define TIDEPOOL_EXPORT Q_DECL_EXPORT
#else
#    define TIDEPOOL_EXPORT Q_DECL_IMPORT
#endif
