// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa/backend.h"

#include "kernels/cpu/isa/product.h"

namespace moe::kernels::cpu::MOE_ISA {

CpuBackend::CpuBackend(int threads)
    : HostBackend(threads, kPanel)
{
}

Backend* makeBackend(int threads)
{
    return new CpuBackend(threads);
}

} // namespace moe::kernels::cpu::MOE_ISA
