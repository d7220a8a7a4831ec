// SPDX-FileCopyrightText: 2026 The Tidepool authors
// SPDX-License-Identifier: BSD-3-Clause

// Compiled into every program that links the static Tidepool::Qml: nothing else in it names the QML module, so the
// linker would leave the types out.

extern void qml_register_types_Tidepool();

namespace {
[[maybe_unused]] void (*volatile const keepTidepoolTypes)() = &qml_register_types_Tidepool;
} // namespace
