/** @module Imported before anything of TensorFlow: asked for fp32, a process uses bf16 nowhere, also not in gradients of convolutions. */
if (process.argv.includes("fp32")) process.env.TF_SET_ONEDNN_FPMATH_MODE = "";
