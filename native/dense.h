#pragma once

namespace histo {

// Adds the operations of Dense layers to TensorFlow.
bool RegisterDense();

}  // namespace histo
