// The next multiple of a unit.
#pragma once
#include <cstdint>

namespace histo {

inline std::int64_t RoundUp(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace histo
