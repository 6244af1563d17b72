/** @module Builds an ONNX graph node by node and writes it as `model.onnx`, large tensors beside it. */
import { bytesOf, sizeOf } from "../files/index";
import type { ExternalData, TensorContent } from "./external-data";
import { type ElementType, EXTERNAL_LOCATION, elementBytes, elementTypes, modelProto } from "./schema";

/** Operator set of every exported graph, and the file format version that came with it (ONNX 1.15, 2023). */
export const OPSET = 20;
const IR_VERSION = 9;
/** Tensors of at least this many bytes go to the external data file. */
const EXTERNAL_FROM_BYTES = 4096;

/** Numbers are written as INT where `int` says so, otherwise as FLOAT; lists of numbers are INTS. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | readonly number[];

/** A named graph input or output; a text stands for a dimension known only at run time. */
export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Names the node and its outputs; made up from the operator where absent. */
  readonly name?: string;
}

/** A constant of another graph as protobufjs decodes it. */
export interface ForeignTensor {
  readonly name?: string;
  readonly rawData?: Uint8Array;
}

/** A graph under construction. */
export class GraphBuilder {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly domains = new Set<string>();
  private readonly taken = new Map<string, number>();
  private readonly shared = new Map<string, string>();
  private opset: number = OPSET;
  private readonly foreignOpsets = new Map<string, number>();

  /** @param external receives the large tensors */
  constructor(private readonly external: ExternalData) {}

  /** Adds a node with one output and returns the output's name. */
  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.nodeWithOutputs(opType, inputs, 1, options)[0] as string;
  }

  /** Adds a node with several outputs and returns their names. */
  nodeWithOutputs(opType: string, inputs: readonly string[], outputs: number, options: NodeOptions = {}): string[] {
    const name = this.unique(options.name ?? opType);
    const names = Array.from({ length: outputs }, (_, i) => (i === 0 ? `${name}:out` : `${name}:out${i}`));
    this.nodes.push({
      input: inputs,
      output: names,
      name,
      opType,
      domain: options.domain ?? "",
      attribute: Object.entries(options.attributes ?? {}).map(([key, value]) => attribute(key, value)),
    });
    if (options.domain) this.domains.add(options.domain);
    return names;
  }

  /** Adds a constant tensor, row-major; large ones are streamed to the external data file. */
  async constant(name: string, type: ElementType, shape: readonly number[], content: TensorContent): Promise<string> {
    const unique = this.unique(name);
    const bytes = sizeOf(shape) * elementBytes[type];
    const tensor = { name: unique, dims: shape, dataType: elementTypes[type] };
    if (content instanceof Uint8Array && bytes < EXTERNAL_FROM_BYTES) {
      this.initializers.push({ ...tensor, rawData: content });
      checkLength(name, content.length, bytes);
      return unique;
    }
    const { offset, length } = await this.external.append(content);
    checkLength(name, length, bytes);
    const location = { location: this.external.fileName, offset: String(offset), length: String(length) };
    this.initializers.push({
      ...tensor,
      dataLocation: EXTERNAL_LOCATION,
      externalData: Object.entries(location).map(([key, value]) => ({ key, value })),
    });
    return unique;
  }

  /** A float32 constant. */
  floats(name: string, shape: readonly number[], values: ArrayLike<number>): Promise<string> {
    return this.constant(name, "float32", shape, bytesOf(Float32Array.from(values)));
  }

  /** A scalar float32 constant. */
  scalar(name: string, value: number): Promise<string> {
    return this.floats(name, [], [value]);
  }

  /** A one-dimensional int64 constant, as shapes and axes are; equal ones are stored once. */
  async integers(values: readonly number[]): Promise<string> {
    const key = values.join("_");
    const known = this.shared.get(key);
    if (known) return known;
    const content = bytesOf(BigInt64Array.from(values.map(BigInt)));
    const name = await this.constant(`integers_${key.replaceAll("-", "minus")}`, "int64", [values.length], content);
    this.shared.set(key, name);
    return name;
  }

  /**
   * Takes in the nodes and constants of another graph, whose names are free here, and its operator sets by domain: what is
   * written with `node` besides must mean the same in both. Large constants go to the external data file.
   */
  async splice(
    nodes: readonly object[],
    constants: readonly ForeignTensor[],
    opsets: ReadonlyMap<string, number>,
  ): Promise<void> {
    this.opset = opsets.get("") ?? OPSET;
    for (const [domain, version] of opsets) if (domain) this.foreignOpsets.set(domain, version);
    for (const tensor of constants) {
      const { rawData, ...rest } = tensor;
      if (!rawData || rawData.length < EXTERNAL_FROM_BYTES) {
        this.initializers.push(tensor);
        continue;
      }
      const { offset, length } = await this.external.append(rawData);
      const location = { location: this.external.fileName, offset: String(offset), length: String(length) };
      this.initializers.push({
        ...rest,
        dataLocation: EXTERNAL_LOCATION,
        externalData: Object.entries(location).map(([key, value]) => ({ key, value })),
      });
    }
    this.nodes.push(...nodes);
  }

  /** Gives a tensor a final name. */
  name(tensor: string, name: string): void {
    this.nodes.push({ input: [tensor], output: [name], name: this.unique("output"), opType: "Identity", domain: "" });
  }

  /** The finished model as the content of a `.onnx` file. */
  async encode(
    inputs: readonly GraphValue[],
    outputs: readonly GraphValue[],
    metadata: Readonly<Record<string, string>> = {},
  ) {
    const Model = await modelProto();
    return Model.encode(
      Model.fromObject({
        irVersion: IR_VERSION,
        producerName: "histology-mlp",
        opsetImport: [
          { domain: "", version: this.opset },
          ...[...this.domains].map((domain) => ({ domain, version: this.foreignOpsets.get(domain) ?? 1 })),
          ...[...this.foreignOpsets]
            .filter(([domain]) => !this.domains.has(domain))
            .map(([domain, version]) => ({ domain, version })),
        ],
        metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
        graph: {
          name: "classifier",
          node: this.nodes,
          initializer: this.initializers,
          input: inputs.map(valueInfo),
          output: outputs.map(valueInfo),
        },
      }),
    ).finish();
  }

  private unique(name: string): string {
    const count = (this.taken.get(name) ?? 0) + 1;
    this.taken.set(name, count);
    return count === 1 ? name : this.unique(`${name}_${count}`);
  }
}

function checkLength(name: string, length: number, expected: number): void {
  if (length !== expected) throw new RangeError(`Tensor ${name} has ${length} bytes; its shape needs ${expected}.`);
}

function attribute(name: string, value: Attribute): object {
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  if ("int" in value) return { name, type: 2, i: value.int };
  if ("float" in value) return { name, type: 1, f: value.float };
  return { name, type: 3, s: Buffer.from((value as { text: string }).text) };
}

function valueInfo({ name, type, shape }: GraphValue): object {
  const dim = shape.map((extent) => (typeof extent === "number" ? { dimValue: extent } : { dimParam: extent }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}
