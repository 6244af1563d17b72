/** @module The arithmetic of the colour and texture features, without TensorFlow. */
export * from "../layers/colour-measures";
