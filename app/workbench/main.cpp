// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/options.h"
#include "app/workbench/program.h"
#include "kernels/error.h"

#include <QString>

#include <cstdio>
#include <exception>

namespace {

QStringList argumentsOf(int argc, char** argv)
{
    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    return arguments;
}

int fail(const char* line, int status)
{
    std::fprintf(stderr, "moe-workbench: error: %s\n", line);
    return status;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const auto options = moe::workbench::parseOptions(argumentsOf(argc, argv));
        if (options.help) {
            std::fputs(qUtf8Printable(moe::workbench::helpText()), stdout);
            return 0;
        }
        if (options.version) {
            std::puts("moe-workbench " MOE_VERSION);
            return 0;
        }
        return moe::workbench::runProgram(argc, argv, options);
    } catch (const moe::UsageError& problem) {
        return fail(problem.what(), 2);
    } catch (const moe::Error& problem) {
        return fail(problem.what(), 1);
    } catch (const std::bad_alloc&) {
        return fail("out of memory: the window: close other programs, or use a smaller model", 1);
    } catch (const std::exception&) {
        return fail("an unexpected failure: the window: run it again with the log open (Ctrl+`) "
                    "and report what it says",
            1);
    }
}
