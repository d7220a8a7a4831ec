# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

# Configures, builds and runs the project in the folder CONSUMER; unless it is "subproject", Tidepool is installed first.

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(result)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

set(prefix ${WORK_DIR}/prefix-${CONSUMER})
set(build ${WORK_DIR}/build-${CONSUMER})
file(REMOVE_RECURSE ${build})
if(NOT CONSUMER STREQUAL "subproject")
    file(REMOVE_RECURSE ${prefix})
    run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} --config ${CONFIG})
endif()

if(CONSUMER STREQUAL "components")
    file(GLOB_RECURSE targets ${prefix}/TidepoolQmlTargets*.cmake)
    if(targets)
        file(REMOVE ${targets})
    endif()
endif()

set(launcher)
if(CCACHE)
    set(launcher -D CMAKE_CXX_COMPILER_LAUNCHER=${CCACHE})
    set(ENV{CCACHE_SLOPPINESS} pch_defines,time_macros)
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${CONSUMER} -B ${build} -G ${GENERATOR} ${launcher}
    -D CMAKE_BUILD_TYPE=${CONFIG} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_PREFIX_PATH=${prefix}
    -D CMAKE_UNITY_BUILD=ON -D CMAKE_UNITY_BUILD_BATCH_SIZE=16 -D TIDEPOOL_SOURCE_DIR=${SOURCE_DIR})
if(CONSUMER STREQUAL "subproject" AND output MATCHES "TIDEPOOL_BUILD")
    message(FATAL_ERROR "Tidepool is not quiet as a subproject:\n${output}")
endif()
if(CONSUMER STREQUAL "components")
    return()
endif()
run(${CMAKE_COMMAND} --build ${build} --config ${CONFIG} --parallel 2)

file(GLOB_RECURSE program ${build}/consumer ${build}/consumer.exe)
run(${program})
message(STATUS "${CONSUMER}: ${output}")
