// Memory of a thread for what an operation needs in between; it grows and stays, so that no page is asked for twice.
#pragma once
#include <cstdint>
#include <memory>

namespace histo {

// `Use` tells what for: each has memory of its own. Aligned to cache lines; what is in it is left from the last time.
template <typename Use, typename T>
T* Scratch(std::int64_t count) {
  constexpr std::int64_t kLine = 64;
  thread_local std::unique_ptr<char[]> memory;
  thread_local std::int64_t size = 0;
  const std::int64_t bytes = count * sizeof(T) + kLine;
  if (bytes > size) {
    memory.reset();
    memory.reset(new char[bytes]);
    size = bytes;
  }
  return reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(memory.get()) + kLine - 1) / kLine * kLine);
}

}  // namespace histo
