/** @module Builds a network from its topology file, with initial weights. */
import { readJson } from "../../src/files/index";
import { tf } from "../../src/tensorflow/index";

export async function loadTopology(path: string): Promise<tf.LayersModel> {
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology: await readJson<object>(path) }));
}
