/** @module Multiplies two matrices so that oneDNN reports its instructions, and prints `{own}`: those of this project. */
import { runtime, tf } from "../src/tensorflow/index";

tf.matMul(tf.ones([256, 256]), tf.ones([256, 256])).dataSync();
process.stdout.write(`\n${JSON.stringify({ own: runtime.isa ?? "plain" })}\n`);
