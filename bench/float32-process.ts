/** @module Import this before TensorFlow: with the argument `fp32`, nothing uses bf16, not even gradients of convolutions. */
if (process.argv.includes("fp32")) process.env.TF_SET_ONEDNN_FPMATH_MODE = "";
