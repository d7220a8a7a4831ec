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
    add_link_options(-fsanitize=${tidepool_sanitizers})
endif()
if(TIDEPOOL_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()

# Qt's headers, parsed once for all targets.
if(TIDEPOOL_PCH)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/pch.cpp CONTENT "")
    add_library(tidepool_pch OBJECT ${PROJECT_BINARY_DIR}/pch.cpp)
    set_target_properties(tidepool_pch PROPERTIES AUTOMOC OFF)
    target_link_libraries(tidepool_pch PRIVATE Qt6::Core Qt6::Network)
    target_precompile_headers(tidepool_pch PRIVATE
        <QtCore/QCoreApplication> <QtCore/QDateTime> <QtCore/QFuture> <QtCore/QHash> <QtCore/QObject> <QtCore/QPromise>
        <QtCore/QSet> <QtCore/QThread> <QtCore/QTimer> <QtNetwork/QHostAddress> <QtNetwork/QSslConfiguration>
        <QtNetwork/QSslSocket> <QtNetwork/QTcpServer> <algorithm> <array> <atomic> <chrono> <condition_variable> <deque>
        <functional> <map> <memory> <mutex> <optional> <vector>)
endif()

function(tidepool_target_defaults target)
    if(TARGET tidepool_pch AND NOT target STREQUAL "tidepool_pch")
        target_precompile_headers(${target} REUSE_FROM tidepool_pch)
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>) # for ccache
    endif()
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
        target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
            $<$<BOOL:${TIDEPOOL_WERROR}>:-Werror>)
    endif()
    get_target_property(type ${target} TYPE)
    if(TIDEPOOL_SANITIZER STREQUAL "thread" AND type STREQUAL "EXECUTABLE")
        target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/tsan_events.cpp)
    endif()
endfunction()

if(TARGET tidepool_pch)
    tidepool_target_defaults(tidepool_pch)
endif()
