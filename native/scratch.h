// Temporary memory of a thread. It grows and is never freed, so that pages are allocated only once.
#pragma once
#include <cstdint>
#include <memory>

namespace histo {

// Each `Use` has separate memory. It is aligned to cache lines, and its contents are those of the previous call.
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
