// What all native operations need of the processor: vector code for its kind, and its cores.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

// Compiles a function for several generations of x86; the best that runs here is chosen when the library is loaded.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_THIS_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_THIS_PROCESSOR
#endif

// Calls work(from, to) for consecutive ranges of [0, n), one a core; inner bounds are multiples of `grain`.
inline void Parallel(std::int64_t n, std::int64_t grain, std::int64_t threads,
                     const std::function<void(std::int64_t, std::int64_t)>& work) {
  static const std::int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  threads = std::clamp<std::int64_t>(threads, 1, cores);
  const std::int64_t share = std::max<std::int64_t>(1, (n / threads + grain - 1) / grain) * grain;
  std::vector<std::thread> others;
  for (std::int64_t from = share; from < n; from += share) others.emplace_back(work, from, std::min(n, from + share));
  work(0, std::min(n, share));
  for (std::thread& other : others) other.join();
}
