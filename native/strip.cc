#include "strip.h"

#include "processor.h"

namespace {

// 16 registers of 16 bytes, or 32 of them on Arm.
#define LANES 4
#ifdef __aarch64__
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#define SECTION plain
#include "strip.inl"

#ifdef HISTO_DISPATCHED
#pragma GCC push_options
#pragma GCC target("arch=haswell")
#define LANES 8  // 16 registers of 32 bytes
#define REGISTERS 16
#define SECTION avx2
#include "strip.inl"
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("arch=skylake-avx512,prefer-vector-width=512")
#define LANES 16  // 32 registers of 64 bytes
#define REGISTERS 32
#define SECTION avx512
#include "strip.inl"
#pragma GCC pop_options
#endif

}  // namespace

#ifdef HISTO_DISPATCHED
#define BEST(strip)                                                        \
  switch (histo::VectorIsa()) {                                            \
    case histo::Isa::avx512: return avx512::strip;                         \
    case histo::Isa::avx2: return avx2::strip;                             \
    default: return plain::strip;                                          \
  }
#else
#define BEST(strip) return plain::strip;
#endif

const Strip& GradientStrip() { BEST(gradient) }
const Strip& BatchStrip() { BEST(batch) }
