/**
 * @module Linear classifiers in the forms that quantizers of other projects write. Weights fill all 8 bits, so that the sum of two
 * products does not fit into 16: where a processor adds them there, it clips.
 */
import { bytesOf } from "../../src/files/index";
import type { GraphBuilder } from "../../src/onnx/graph";
import { FOREIGN_SIZE, FOREIGN_VALUES } from "./foreign-model";

type Body = (graph: GraphBuilder, image: string) => Promise<string>;
type Activation = "uint8" | "int8";

/** Equal columns of weights; the logit is their mean. Kernels for a lone column are others. */
const COLUMNS = 4;
const INPUT_STEP = 1 / 255;
const WEIGHT_STEP = 0.01;
const OUTPUT_STEP = 0.1;
const weightAt = (k: number) => (k % 4 < 2 ? 127 : -120);

/** The logit in plain arithmetic. @param image uint8, channels first */
export function expectedLogit(image: Uint8Array): number {
  return image.reduce((sum, value, k) => sum + value * weightAt(k), 0) * INPUT_STEP * WEIGHT_STEP;
}

/** By name: the graph's body, and how far its rounded output may lie from {@link expectedLogit}. */
export const QUANTIZED_GRAPHS: Readonly<Record<string, { readonly body: Body; readonly tolerance: number }>> = {
  "QDQ MatMul": rounded(async (graph, x) => graph.node("MatMul", [x, await weights(graph, "rows")])),
  "QDQ MatMul, steps per column": rounded(async (graph, x) =>
    graph.node("MatMul", [x, await weights(graph, "rows", true)]),
  ),
  "QDQ MatMul, signed activations": rounded(
    async (graph, x) => graph.node("MatMul", [x, await weights(graph, "rows")]),
    "int8",
  ),
  "QDQ Gemm, transposed": rounded(async (graph, x) =>
    graph.node("Gemm", [x, await weights(graph, "columns", true)], { transB: 1 }),
  ),
  "QDQ MatMul, float output": exact(async (graph, x) =>
    graph.node("MatMul", [await restored(graph, x, "uint8"), await weights(graph, "rows")]),
  ),
  "QDQ Conv": convolution("uint8"),
  "QDQ Conv, signed activations": convolution("int8"),
  MatMulInteger: exact(async (graph, x) => {
    const sum = graph.node("MatMulInteger", [await quantized(graph, x, "uint8"), await integers(graph, "rows")]);
    return graph.node("Mul", [asFloat(graph, sum), await graph.scalar("step", INPUT_STEP * WEIGHT_STEP)]);
  }),
  QLinearMatMul: {
    tolerance: OUTPUT_STEP,
    body: async (graph, image) => {
      const x = await quantized(graph, await flat(graph, image), "uint8");
      const y = graph.node("QLinearMatMul", [
        ...[x, await graph.scalar("x_step", INPUT_STEP), await zero(graph, "uint8")],
        ...[await integers(graph, "rows"), await graph.scalar("w_step", WEIGHT_STEP), await zero(graph, "int8", 0)],
        ...[await graph.scalar("y_step", OUTPUT_STEP), await zero(graph, "uint8", 128)],
      ]);
      const parts = [y, await graph.scalar("y_step", OUTPUT_STEP), await zero(graph, "uint8", 128)];
      return mean(graph, graph.node("DequantizeLinear", parts));
    },
  },
};

/** Activations are quantized by the range of the whole batch: an image's logit depends on the others. */
export const dynamicallyQuantized: Body = async (graph, image) => {
  const [x, step, zeroPoint] = graph.nodeWithOutputs("DynamicQuantizeLinear", [await flat(graph, image)], 3);
  const sum = graph.node("MatMulInteger", [x as string, await integers(graph, "rows"), zeroPoint as string]);
  const scaled = graph.node("Mul", [asFloat(graph, sum), step as string]);
  return mean(graph, graph.node("Mul", [scaled, await graph.scalar("w_step", WEIGHT_STEP)]));
};

/** Rounded to signed numbers by an operator that onnxruntime cannot convert for processors without VNNI. */
export const signedQGemm: Body = async (graph, image) => {
  const y = graph.node(
    "QGemm",
    [
      ...[await quantized(graph, await flat(graph, image), "int8"), await graph.scalar("step", INPUT_STEP)],
      ...[await zero(graph, "int8"), await integers(graph, "rows"), await graph.scalar("w_step", WEIGHT_STEP)],
      ...[await zero(graph, "int8", 0), "", await graph.scalar("y_step", OUTPUT_STEP), await zero(graph, "int8", 0)],
    ],
    {},
    "QGemm",
    "com.microsoft",
  );
  const parts = [y, await graph.scalar("y_step", OUTPUT_STEP), await zero(graph, "int8", 0)];
  return mean(graph, graph.node("DequantizeLinear", parts));
};

function rounded(body: Body, type: Activation = "uint8") {
  return {
    tolerance: OUTPUT_STEP,
    body: async (graph: GraphBuilder, image: string) => {
      const y = await body(graph, await restored(graph, await flat(graph, image), type));
      return mean(graph, await restored(graph, y, type, OUTPUT_STEP, type === "uint8" ? 128 : 0));
    },
  };
}

function exact(body: Body) {
  return {
    tolerance: 1e-3,
    body: async (graph: GraphBuilder, image: string) => mean(graph, await body(graph, await flat(graph, image))),
  };
}

function convolution(type: Activation) {
  return {
    tolerance: OUTPUT_STEP,
    body: async (graph: GraphBuilder, image: string) => {
      const x = await restored(graph, image, type);
      const y = graph.node("Conv", [x, await weights(graph, "filters", true)]);
      const kept = await restored(graph, y, type, OUTPUT_STEP, type === "uint8" ? 128 : 0);
      return mean(graph, await flat(graph, kept));
    },
  };
}

const flat = async (graph: GraphBuilder, x: string) => graph.node("Flatten", [x]);

async function mean(graph: GraphBuilder, x: string): Promise<string> {
  return graph.node("ReduceMean", [x, await graph.integers([1])], { keepdims: 1 });
}

function asFloat(graph: GraphBuilder, x: string): string {
  return graph.node("Cast", [x], { to: 1 });
}

const lowest = (type: Activation) => (type === "uint8" ? 0 : -128);

function zero(graph: GraphBuilder, type: Activation, value = lowest(type)): Promise<string> {
  return graph.constant(`${type}_zero`, type, [], Uint8Array.of(value));
}

async function quantized(graph: GraphBuilder, x: string, type: Activation, step = INPUT_STEP, value = lowest(type)) {
  return graph.node("QuantizeLinear", [x, await graph.scalar("step", step), await zero(graph, type, value)]);
}

/** Rounded to 8 bits and back. */
async function restored(graph: GraphBuilder, x: string, type: Activation, step = INPUT_STEP, value = lowest(type)) {
  const parts = [await graph.scalar("step", step), await zero(graph, type, value)];
  return graph.node("DequantizeLinear", [await quantized(graph, x, type, step, value), ...parts]);
}

type Order = keyof typeof SHAPES;
const SHAPES = {
  rows: [FOREIGN_VALUES, COLUMNS],
  columns: [COLUMNS, FOREIGN_VALUES],
  filters: [COLUMNS, 3, FOREIGN_SIZE, FOREIGN_SIZE],
} as const;

function integers(graph: GraphBuilder, order: Order): Promise<string> {
  const at = (i: number) => (order === "rows" ? Math.floor(i / COLUMNS) : i % FOREIGN_VALUES);
  const values = Int8Array.from({ length: FOREIGN_VALUES * COLUMNS }, (_, i) => weightAt(at(i)));
  return graph.constant("weights", "int8", SHAPES[order], bytesOf(values));
}

async function weights(graph: GraphBuilder, order: Order, perColumn = false): Promise<string> {
  const values = await integers(graph, order);
  if (!perColumn) {
    return graph.node("DequantizeLinear", [
      values,
      await graph.scalar("w_step", WEIGHT_STEP),
      await zero(graph, "int8", 0),
    ]);
  }
  const steps = await graph.floats("w_steps", [COLUMNS], Array<number>(COLUMNS).fill(WEIGHT_STEP));
  const zeros = await graph.constant("w_zeros", "int8", [COLUMNS], new Uint8Array(COLUMNS));
  const attributes = { axis: order === "rows" ? 1 : 0 };
  return graph.node("DequantizeLinear", [values, steps, zeros], attributes);
}
