/** @module Imported before anything of TensorFlow: no bf16 anywhere in this process, also not in gradients of convolutions. */
process.env.TF_SET_ONEDNN_FPMATH_MODE = "";
