// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Compiled into every program that links the static Tidepool::Qml. Without this file nothing in the program refers to
// the QML module, and the linker would omit the types.

extern void qml_register_types_Tidepool();

namespace {
[[maybe_unused]] void (*volatile const keepTidepoolTypes)() = &qml_register_types_Tidepool;
} // namespace
