/** @module Networks by name, without loading TensorFlow. */
export { proportionalHidden } from "./built-in";
export { modelNamed, type RegisteredModel, registeredModels, registerModel } from "./registry";
