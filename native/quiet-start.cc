// Part of the addon that the set-up compiles: keeps TensorFlow's start-up notes from standard error. Set
// TF_CPP_MIN_LOG_LEVEL=0 to see them.
#include <cstdlib>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"

namespace {

struct QuietStart {
  QuietStart() {
    const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
    if (level != nullptr && level[0] == '0') return;
    absl::SetMinLogLevel(absl::LogSeverityAtLeast::kError);
  }
};

const QuietStart quiet_start;

}  // namespace
