# SPDX-FileCopyrightText: 2026 The Tidepool authors
# SPDX-License-Identifier: BSD-3-Clause

# `cmake --install`: the library, its headers, what find_package(Tidepool) needs, the programs and the licence.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(tidepool_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Tidepool)

# A static library passes its own dependencies on to whoever links it.
get_target_property(type tidepool TYPE)
if(type STREQUAL "STATIC_LIBRARY")
    set(tidepool_static_dependencies "find_dependency(OpenSSL 3.0 COMPONENTS Crypto)")
endif()

install(TARGETS tidepool EXPORT TidepoolTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT TidepoolTargets NAMESPACE Tidepool:: DESTINATION ${tidepool_package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/TidepoolConfig.cmake.in TidepoolConfig.cmake
    INSTALL_DESTINATION ${tidepool_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(TidepoolConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/TidepoolConfig.cmake ${PROJECT_BINARY_DIR}/TidepoolConfigVersion.cmake
    DESTINATION ${tidepool_package_dir})

foreach(program IN ITEMS tidepool-tunnel tidepool-sim tidepool-dashboard)
    if(TARGET ${program})
        install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
        if(NOT type STREQUAL "STATIC_LIBRARY")
            file(RELATIVE_PATH libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
            set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries}")
        endif()
    endif()
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
