/** @module Networks by name, without loading TensorFlow. */
export { proportionalHidden } from "./built-in";
export { modelNamed, type NetworkOptions, type RegisteredModel, registeredModels, registerModel } from "./registry";
