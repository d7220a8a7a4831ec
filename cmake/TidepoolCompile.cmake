# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

# Compiler settings that every target of the project shares: tidepool_target_defaults(<target>).

# A sanitizer or coverage concerns all objects of the build; it is set for the whole tree.
if(TIDEPOOL_SANITIZER)
    if(NOT TIDEPOOL_SANITIZER MATCHES "^(address|thread)$")
        message(FATAL_ERROR "TIDEPOOL_SANITIZER is \"${TIDEPOOL_SANITIZER}\"; use address, thread or leave it empty.")
    endif()
    set(tidepool_sanitizers ${TIDEPOOL_SANITIZER})
    if(TIDEPOOL_SANITIZER STREQUAL "address")
        string(APPEND tidepool_sanitizers ",undefined")
    endif()
    add_compile_options(-fsanitize=${tidepool_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    if(TIDEPOOL_SANITIZER STREQUAL "address")
        # Its look at virtual tables opens a pipe, and calls every object wrong when no descriptor is left (as GCC 12's
        # IsAccessibleMemoryRange() does): tests run the pool in that state.
        add_compile_options(-fno-sanitize=vptr)
    endif()
    add_link_options(-fsanitize=${tidepool_sanitizers})
endif()
if(TIDEPOOL_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()

# More than a hundred test programs are linked, and lld needs a fifth of the time.
if(PROJECT_IS_TOP_LEVEL AND UNIX AND NOT APPLE)
    find_program(TIDEPOOL_LLD ld.lld)
    mark_as_advanced(TIDEPOOL_LLD)
    if(TIDEPOOL_LLD)
        add_link_options(-fuse-ld=lld)
    endif()
endif()

# tidepool_add_pch(<name> LIBRARIES <target>... HEADERS <header>...)
# Headers that are parsed once for all targets that reuse them: see tidepool_pch_target below.
function(tidepool_add_pch name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;HEADERS")
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/pch.cpp CONTENT "")
    add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/pch.cpp)
    set_target_properties(${name} PROPERTIES AUTOMOC OFF UNITY_BUILD OFF)
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
    tidepool_target_defaults(${name})
endfunction()

function(tidepool_target_defaults target)
    if(TARGET "${tidepool_pch_target}" AND NOT target STREQUAL tidepool_pch_target)
        target_precompile_headers(${target} REUSE_FROM ${tidepool_pch_target})
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>) # for ccache
    endif()
    target_compile_options(${target} PRIVATE ${tidepool_pch_options})
    target_compile_features(${target} PRIVATE cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_compile_definitions(${target} PRIVATE
        QT_DISABLE_DEPRECATED_BEFORE=0x060400
        QT_NO_CAST_FROM_ASCII
        QT_NO_CAST_TO_ASCII
        QT_NO_CAST_FROM_BYTEARRAY
        QT_NO_URL_CAST_FROM_STRING
        QT_NO_NARROWING_CONVERSIONS_IN_CONNECT
        QT_NO_FOREACH
        QT_NO_JAVA_STYLE_ITERATORS
        QT_NO_CONTEXTLESS_CONNECT
        QT_USE_QSTRINGBUILDER
        $<$<CONFIG:Debug>:QT_FORCE_ASSERTS>)
    if(MSVC)
        target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${TIDEPOOL_WERROR}>:/WX>)
    else()
        target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow
            $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wthread-safety>
            $<$<NOT:$<BOOL:${tidepool_expands_foreign_macros}>>:-Wconversion> $<$<BOOL:${TIDEPOOL_WERROR}>:-Werror>)
    endif()
    get_target_property(type ${target} TYPE)
    if(TIDEPOOL_SANITIZER STREQUAL "thread" AND type STREQUAL "EXECUTABLE")
        target_link_libraries(${target} PRIVATE tidepool_tsan_events)
    endif()
endfunction()

if(TIDEPOOL_SANITIZER STREQUAL "thread")
    add_library(tidepool_tsan_events OBJECT ${PROJECT_SOURCE_DIR}/tests/support/tsan_events.cpp)
    set_target_properties(tidepool_tsan_events PROPERTIES AUTOMOC OFF UNITY_BUILD OFF)
    target_link_libraries(tidepool_tsan_events PRIVATE Qt6::Core)
    tidepool_target_defaults(tidepool_tsan_events)
endif()

# The precompiled header of the targets to come, and options that it and they share; a directory may have its own.
set(tidepool_pch_target tidepool_pch)
set(tidepool_pch_options)
set(tidepool_pch_headers
    <QtCore/QCoreApplication> <QtCore/QDateTime> <QtCore/QFuture> <QtCore/QHash> <QtCore/QObject> <QtCore/QPromise>
    <QtCore/QSet> <QtCore/QThread> <QtCore/QTimer> <QtNetwork/QHostAddress> <QtNetwork/QSslConfiguration>
    <QtNetwork/QSslSocket> <QtNetwork/QTcpServer> <algorithm> <array> <atomic> <chrono> <condition_variable> <deque>
    <functional> <map> <memory> <mutex> <optional> <vector>)
if(TIDEPOOL_PCH AND NOT TIDEPOOL_PCH STREQUAL "TESTS")
    tidepool_add_pch(tidepool_pch LIBRARIES Qt6::Core Qt6::Network HEADERS ${tidepool_pch_headers})
endif()
