# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

cmake_minimum_required(VERSION 3.23)

# Installs everything, and starts the installed programs PROGRAMS, also where the locale is not UTF-8.

set(prefix ${WORK_DIR}/prefix-programs)
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} --config ${CONFIG}
    COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)

file(GLOB_RECURSE licence ${prefix}/share/doc/*/LICENSE)
if(NOT licence)
    message(FATAL_ERROR "The licence is not in ${prefix}/share/doc.")
endif()

function(check says)
    foreach(locale IN ITEMS LC_ALL=C LC_ALL=POSIX LC_CTYPE=C LANG=en_US.ISO-8859-1)
        execute_process(
            COMMAND ${CMAKE_COMMAND} -E env --unset=LC_ALL --unset=LC_CTYPE --unset=LANG --unset=QT_QPA_PLATFORM ${locale} ${ARGN}
            RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
        if(result OR NOT output MATCHES "${says}" OR errors)
            message(FATAL_ERROR "${locale} ${ARGN}: ${result}\n${output}\n${errors}")
        endif()
    endforeach()
endfunction()

foreach(program IN LISTS PROGRAMS)
    check("^${program} [0-9]+" ${prefix}/bin/${program} --version)
endforeach()
if("tidepool-dashboard" IN_LIST PROGRAMS)
    # From where it was built, and from where it is installed: each has to find its QML module. It runs until it is ended.
    foreach(folder IN ITEMS ${BUILD_DIR}/bin ${prefix}/bin)
        execute_process(TIMEOUT 10
            COMMAND ${CMAKE_COMMAND} -E env QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software ${folder}/tidepool-dashboard
            RESULT_VARIABLE result ERROR_VARIABLE errors)
        if(NOT result MATCHES "timeout" OR errors MATCHES "QQmlApplicationEngine|not installed")
            message(FATAL_ERROR "${folder}/tidepool-dashboard: ${result}\n${errors}")
        endif()
    endforeach()
endif()
