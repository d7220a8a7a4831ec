// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

#pragma once

/// Everything Tidepool offers.

#include <tidepool/clientpool.h>
#include <tidepool/iothreads.h>
#include <tidepool/relay.h>
#include <tidepool/serverpool.h>
