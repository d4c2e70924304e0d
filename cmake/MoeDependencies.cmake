# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# Every library from outside, found once. packaging/setup.sh installs all of them.

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sentencepiece REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
find_package(Boost 1.74 REQUIRED) # headers alone: Asio, Beast

if(MOE_WITH_GUI OR MOE_WITH_TESTS)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Core Test)
endif()
if(MOE_WITH_GUI)
    # QCustomPlotQt6's config names Qt targets without finding them: PrintSupport has to come first.
    find_package(Qt6 6.4 REQUIRED COMPONENTS Widgets Svg PrintSupport LinguistTools)
    find_package(QCustomPlotQt6 REQUIRED)
endif()
if(MOE_WITH_CUDA)
    message(FATAL_ERROR "MOE_WITH_CUDA: this version has no CUDA backend yet. Configure with -DMOE_WITH_CUDA=OFF.")
endif()
if(MOE_WITH_MPI)
    message(FATAL_ERROR "MOE_WITH_MPI: this version has no MPI communicator yet. Configure with -DMOE_WITH_MPI=OFF.")
endif()
