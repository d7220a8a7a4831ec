// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Compiled into every program that links the dashboard's parts. Without this file nothing in the program refers to the
// QML module, and the linker would omit its types.

extern void qml_register_types_TidepoolDashboard();

namespace {
[[maybe_unused]] void (*volatile const keepDashboardTypes)() = &qml_register_types_TidepoolDashboard;
} // namespace
