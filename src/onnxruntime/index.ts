/** @module Runs graphs with onnxruntime. No other room imports onnxruntime. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { HistoError, InputError, messageOf } from "../errors/index";
import { usableProcessors } from "../machine/index";
import { halvesOf, singlesOf } from "./half";

export interface SessionOptions {
  /** Threads of one run. Default: the processor's parallelism, at most 8. */
  readonly threads?: number | undefined;
  /**
   * Whether to rearrange weights when the graph is loaded (default true). This makes batches faster, but large weights are in
   * memory twice during loading. Without it, full-precision weights are mapped from their file, and integers are slow.
   */
  readonly prepack?: boolean;
  /**
   * Whether idle threads keep a core busy for a while (default true). This shortens the time to the next answer, but takes the
   * cores from other work of a server.
   */
  readonly spinning?: boolean;
  /**
   * Whether 8-bit weights may use all 8 bits (default true). x86 processors without VNNI then clip sums of two products unless
   * onnxruntime converts the weights, which takes 0.4 s for 47 MB. Exports of this project use only 7 bits.
   */
  readonly fullRangeWeights?: boolean;
}

interface GraphBytes {
  /** The graph to load instead of the file, whose path is only for messages. */
  readonly bytes?: Uint8Array;
}

export interface InputTensor {
  readonly type: "uint8" | "float32";
  readonly data: Uint8Array | Float32Array;
  readonly shape: readonly number[];
}

/** Types of a graph's numbers that are converted from and to single precision. */
export const FLOAT_TYPES: readonly string[] = ["float32", "float16", "float64"];

/** An input or output that the graph declares. */
export interface TensorDescription {
  readonly name: string;
  /** Such as `float32`, or `other` if it is not a tensor. */
  readonly type: string;
  /** Extents, with a string for an open one. Empty if no shape is declared. */
  readonly shape: readonly (number | string)[];
}

/** A loaded graph. Several callers can run it at once. */
export class GraphSession {
  private readonly running = new Set<Promise<unknown>>();
  private closed = false;

  private constructor(
    private readonly session: InferenceSession,
    private readonly TensorClass: typeof Tensor,
  ) {}

  /** Loads a graph file. @throws {InputError} `MODEL_UNREADABLE` */
  static async open(
    path: string,
    { threads, prepack = true, spinning = true, fullRangeWeights = true, bytes }: SessionOptions & GraphBytes = {},
  ): Promise<GraphSession> {
    const runtime = await loadRuntime();
    try {
      const options: InferenceSession.SessionOptions = {
        executionProviders: ["cpu"],
        intraOpNumThreads: threads ?? Math.min(8, usableProcessors()),
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "all",
        // Fatal errors only, because errors are thrown too.
        logSeverityLevel: 4,
        extra: {
          session: {
            disable_prepacking: prepack ? "0" : "1",
            intra_op: { allow_spinning: spinning ? "1" : "0" },
            x64quantprecision: fullRangeWeights ? "1" : "0",
          },
        },
      };
      const { InferenceSession } = runtime;
      const session = await (bytes ? InferenceSession.create(bytes, options) : InferenceSession.create(path, options));
      return new GraphSession(session, runtime.Tensor);
    } catch (error) {
      const message = `${path} cannot be loaded by onnxruntime: ${plainReason(error)}`;
      throw new InputError("MODEL_UNREADABLE", message, { cause: error });
    }
  }

  get inputs(): readonly TensorDescription[] {
    return this.session.inputMetadata.map(describe);
  }

  get outputs(): readonly TensorDescription[] {
    return this.session.outputMetadata.map(describe);
  }

  /**
   * Runs the graph on one input, in the precision that it declares.
   * @returns one float output, row-major
   * @throws {HistoError} `INFERENCE_FAILED`, `MODEL_CLOSED`
   */
  async run(input: string, tensor: InputTensor, output: string): Promise<Float32Array> {
    return (await this.runWithShape(input, tensor, output)).data;
  }

  /** {@link GraphSession.run}, with the shape of the output. */
  async runWithShape(
    input: string,
    tensor: InputTensor,
    output: string,
  ): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }> {
    if (this.closed) throw new HistoError("MODEL_CLOSED", "The model has been closed.");
    const value = this.valueOf(input, tensor);
    const run = this.session.run({ [input]: value }, [output]);
    this.running.add(run);
    try {
      const result = (await run)[output];
      const data = result && inSinglePrecision(result);
      if (!data) throw new Error(`output ${output} is not a tensor of float numbers`);
      return { data, shape: result.dims };
    } catch (error) {
      throw new HistoError("INFERENCE_FAILED", `The model failed: ${messageOf(error)}`, { cause: error });
    } finally {
      this.running.delete(run);
    }
  }

  private valueOf(input: string, { type, data, shape }: InputTensor): Tensor {
    const { TensorClass } = this;
    const declared = type === "float32" ? this.inputs.find(({ name }) => name === input)?.type : type;
    if (declared === "float16") return new TensorClass(declared, halvesOf(data as Float32Array), shape);
    if (declared === "float64") return new TensorClass(declared, Float64Array.from(data), shape);
    return new TensorClass(type, data, shape);
  }

  /** Waits for running calls and frees the model. Safe to call twice. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.allSettled(this.running);
    await this.session.release();
  }
}

/** The values of a tensor of floats; undefined for other tensors. */
function inSinglePrecision({ type, data }: Tensor): Float32Array | undefined {
  if (type === "float32") return data as Float32Array;
  if (type === "float64") return Float32Array.from(data as Float64Array);
  if (type !== "float16") return undefined;
  // Newer versions of Node have an array of half-precision numbers, which the library then uses.
  const { buffer, byteOffset, length } = data as Uint16Array;
  return singlesOf(new Uint16Array(buffer, byteOffset, length));
}

/** The library's message on one line, without references to its source. */
function plainReason(error: unknown): string {
  const text = messageOf(error)
    .replace(/^Load model from .* failed:/, "")
    .replace(/\/onnxruntime_src\/\S+ .*?\) (?=[A-Z[])/g, "")
    .replace(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, "")
    .replace(/\b\w+\.(?:cc|h):\d+ \S+ /g, "")
    .replace(/\s+/g, " ")
    .trim();
  // Weights with a sign are converted for processors without VNNI, for which this operator then has no kernel.
  if (/com\.microsoft\.QGemm.*types are incompatible/.test(text)) {
    return "its operator QGemm cannot be computed exactly on this processor; quantize it in the format QDQ (QuantFormat.QDQ).";
  }
  const newest = /(?:till opset|max supported IR version:) (\d+)/.exec(text)?.[1];
  return newest ? `${text} Export it with version ${newest} or older.` : text;
}

function describe(value: InferenceSession.ValueMetadata): TensorDescription {
  const { name } = value;
  return value.isTensor ? { name, type: value.type, shape: value.shape } : { name, type: "other", shape: [] };
}

type Runtime = typeof import("onnxruntime-node");

/**
 * Loads the library. Since 1.29 its official builds for Linux report the name and hashes of each model, the machine and its use
 * to the vendor, and write files to the home and temporary folders, unless this variable is set when the library is loaded.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
 */
export async function loadRuntime(): Promise<Runtime> {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  const runtime = await import("onnxruntime-node");
  passHalvesAsIntegers(runtime);
  return runtime;
}

/**
 * Where Node has a `Float16Array` (24 and newer), the library's JavaScript copies half-precision numbers into one, and its native
 * part cannot read that ("not enough space"). It looks for the class once, at its first tensor, so that one is made without it.
 * @see findings/onnxruntime-node-float16-array.sh
 */
function passHalvesAsIntegers({ Tensor }: Runtime): void {
  const scope = globalThis as { Float16Array?: unknown };
  const { Float16Array } = scope;
  if (!Float16Array) return;
  scope.Float16Array = undefined;
  try {
    new Tensor("uint8", new Uint8Array(1), [1]);
  } finally {
    scope.Float16Array = Float16Array;
  }
}
