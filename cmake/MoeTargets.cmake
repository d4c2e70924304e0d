# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
# How every target of the house is made: language level, warnings, sanitizers, output folders.

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
find_program(MOE_CCACHE ccache)
if(MOE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
        CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${MOE_CCACHE})
endif()

add_library(moe_flags INTERFACE)
target_compile_features(moe_flags INTERFACE cxx_std_20)
target_include_directories(moe_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(moe_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror
    -fno-omit-frame-pointer -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(moe_flags INTERFACE -Wno-restrict) # false alarms on std::string + in GCC 12
endif()
if(MOE_SANITIZE)
    target_compile_options(moe_flags INTERFACE -fsanitize=${MOE_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(moe_flags INTERFACE -fsanitize=${MOE_SANITIZE})
endif()
if(MOE_FUZZ)
    target_compile_options(moe_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined)
    target_link_options(moe_flags INTERFACE -fsanitize=address,undefined)
endif()

# Headers from outside are read once for all rooms below a folder: it names the room that has them in MOE_PRECOMPILED_IN.
# Sources include what they use all the same (clang-tidy and the fuzz targets read them without).
function(moe_precompile_headers name)
    if(NOT MOE_PRECOMPILED_IN OR MOE_PRECOMPILED_IN STREQUAL name)
        return()
    endif()
    get_target_property(headers ${MOE_PRECOMPILED_IN} PRECOMPILE_HEADERS)
    if(headers)
        target_precompile_headers(${name} REUSE_FROM ${MOE_PRECOMPILED_IN})
        target_compile_options(${name} PRIVATE -fPIC) # as they were compiled; a program alone would be -fPIE
    endif()
endfunction()

# moe_add_library(NAME SOURCES… LINK …): one static library a room.
function(moe_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
    add_library(${name} STATIC ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
    target_link_libraries(${name} PUBLIC moe_flags ${arg_LINK})
    moe_precompile_headers(${name})
endfunction()

# moe_add_executable(NAME SOURCES… LINK …)
function(moe_add_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
    add_executable(${name} ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(${name} PRIVATE moe_flags ${arg_LINK})
    moe_precompile_headers(${name})
endfunction()

# What a build for the labels `unit` and `engine` alone needs.
add_custom_target(unit_and_engine_tests)

# moe_add_test(NAME LABEL unit|engine|ui|e2e|slow SOURCES… LINK … [TIMEOUT SECONDS]): one Qt Test program.
function(moe_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;LINK")
    moe_add_executable(${name} SOURCES ${arg_SOURCES} LINK ${arg_LINK} moe_test_folders Qt6::Test)
    set_target_properties(${name} PROPERTIES AUTOMOC ON
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    # `slots` is a word of the router, too. The folder that Qt names is this build's, and a compiler cache would serve no other.
    target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS)
    target_compile_options(${name} PRIVATE -UQT_TESTCASE_BUILDDIR)
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(MOE_SANITIZE) # a test runs some ten times as long
        math(EXPR arg_TIMEOUT "5 * ${arg_TIMEOUT}")
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT}
        ENVIRONMENT "QT_QPA_PLATFORM=offscreen;QTEST_FUNCTION_TIMEOUT=${arg_TIMEOUT}000")
    if(arg_LABEL MATCHES "^(unit|engine)$")
        add_dependencies(unit_and_engine_tests ${name})
    endif()
endfunction()

function(moe_print_summary)
    message(STATUS "MoE Workbench ${PROJECT_VERSION}")
    message(STATUS "  window (Qt 6)      ${MOE_WITH_GUI}")
    message(STATUS "  tests              ${MOE_WITH_TESTS}")
    message(STATUS "  CUDA               ${MOE_WITH_CUDA}")
    message(STATUS "  MPI                ${MOE_WITH_MPI}")
    message(STATUS "  sanitizers         ${MOE_SANITIZE}")
    message(STATUS "  ccache             ${MOE_CCACHE}")
endfunction()
