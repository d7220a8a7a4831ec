// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Compiled into every program that links the dashboard's parts: nothing else names the QML module, so the linker would
// leave its types out.

extern void qml_register_types_TidepoolDashboard();

namespace {
[[maybe_unused]] void (*volatile const keepDashboardTypes)() = &qml_register_types_TidepoolDashboard;
} // namespace
