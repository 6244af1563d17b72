// Selects vector code for this processor, or for the older one that HISTO_MAX_CPU_ISA names (avx2, avx512, amx).
#pragma once
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define HISTO_DISPATCHED 1
#define HISTO_TARGET(isa) __attribute__((target(isa)))
#else
#define HISTO_TARGET(isa)
#endif

namespace histo {

enum class Isa { plain, avx2, avx512, amx };

// The newest instructions that HISTO_MAX_CPU_ISA allows.
inline Isa AllowedIsa() {
  const char* limit = std::getenv("HISTO_MAX_CPU_ISA");
  if (limit && !std::strcmp(limit, "avx2")) return Isa::avx2;
  if (limit && !std::strcmp(limit, "avx512")) return Isa::avx512;
  return Isa::amx;
}

// The newest vector instructions that are compiled, that this processor has and that are allowed. Never amx, see bfloat16.h.
inline Isa VectorIsa() {
#ifdef HISTO_DISPATCHED
  // Not by the names of levels (x86-64-v3), which GCC supports only since version 12.
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  static const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                             __builtin_cpu_supports("avx512vl");
  return avx512 && AllowedIsa() >= Isa::avx512 ? Isa::avx512 : avx2 ? Isa::avx2 : Isa::plain;
#else
  return Isa::plain;
#endif
}

// A function compiled for each kind of processor. The body must be inline.
template <auto body>
struct Compiled;
template <typename... Args, void (*body)(Args...)>
struct Compiled<body> {
  HISTO_TARGET("arch=skylake-avx512,prefer-vector-width=512") __attribute__((flatten)) static void Avx512(Args... args) { body(args...); }
  HISTO_TARGET("arch=haswell") __attribute__((flatten)) static void Avx2(Args... args) { body(args...); }
  __attribute__((flatten)) static void Plain(Args... args) { body(args...); }

  static auto Best() { return VectorIsa() == Isa::avx512 ? Avx512 : VectorIsa() == Isa::avx2 ? Avx2 : Plain; }
};

}  // namespace histo
