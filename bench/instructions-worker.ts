/** @module Multiplies two matrices, so that oneDNN says what it is, and prints `{own}`: what this project's operations use. */
import { runtime, tf } from "../src/tensorflow/index";

tf.matMul(tf.ones([256, 256]), tf.ones([256, 256])).dataSync();
process.stdout.write(`\n${JSON.stringify({ own: runtime.isa ?? "plain" })}\n`);
