// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

/// Includes all public headers of Tidepool except the QML types.

#include <tidepool/clientpool.h>
#include <tidepool/iothreads.h>
#include <tidepool/relay.h>
#include <tidepool/serverpool.h>
