/** @module Builds an ONNX graph node by node and encodes it as `model.onnx`, with large tensors in a separate file. */
import { bytesOf, sizeOf } from "../files/index";
import { type ExternalData, type FilePart, slicesOf, type TensorContent } from "./external-data";
import { type ElementType, EXTERNAL_LOCATION, elementBytes, elementTypes, modelProto } from "./schema";

/** Operator set of every exported graph, and the version of the file format that was published with it (ONNX 1.15, 2023). */
export const OPSET = 20;
const IR_VERSION = 9;
/** Tensors of at least this many bytes go to the external data file. */
const EXTERNAL_FROM_BYTES = 4096;

/** Attribute of a node. A plain number is an integer. */
type Attribute = number | string | { readonly float: number } | readonly number[];

/** A named graph input or output. A string in the shape is a dimension that is known only at run time. */
export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** Attributes by name. */
type Attributes = Readonly<Record<string, Attribute>>;

/** A constant of another graph as protobufjs decodes it. */
export interface ForeignTensor {
  readonly name?: string;
  readonly rawData?: Uint8Array;
  /** The place of its content, if that is in a file. */
  readonly outside?: FilePart;
}

/** A graph under construction. */
export class GraphBuilder {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];

  private readonly taken = new Map<string, number>();
  private readonly shared = new Map<string, string>();
  /** Weights of the network that are stored in fewer than 32 bits. Counted by the writers that round them. */
  roundedWeights = 0;
  /** Versions of the operator sets by domain. */
  private readonly opsets = new Map<string, number>([["", OPSET]]);

  /** @param external file for the large tensors */
  constructor(private readonly external: ExternalData) {}

  /** Adds a node with one output. @param wanted name of the node and of its output @returns the output's name */
  node(opType: string, inputs: readonly string[], attributes: Attributes = {}, wanted = opType, domain = ""): string {
    return this.nodeWithOutputs(opType, inputs, 1, attributes, wanted, domain)[0] as string;
  }

  /** Adds a node with several outputs and returns their names. */
  nodeWithOutputs(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Attributes = {},
    wanted = opType,
    domain = "",
  ): string[] {
    const name = this.unique(wanted);
    const output = Array.from({ length: outputs }, (_, i) => (i === 0 ? `${name}:out` : `${name}:out${i}`));
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
    this.nodes.push({ input: inputs, output, name, opType, domain, attribute });
    if (!this.opsets.has(domain)) this.opsets.set(domain, 1);
    return output;
  }

  cast(type: ElementType, input: string): string {
    return this.node("Cast", [input], { to: elementTypes[type] });
  }

  transpose(input: string, perm: readonly number[]): string {
    return this.node("Transpose", [input], { perm });
  }

  async reshape(input: string, shape: readonly number[]): Promise<string> {
    return this.node("Reshape", [input, await this.integers(shape)]);
  }

  /** The elements `[from, to)` along an axis, or every `step`-th of them. */
  async slice(input: string, axis: number, from: number, to: number, ...step: readonly number[]): Promise<string> {
    const bounds = await Promise.all([from, to, axis, ...step].map((value) => this.integers([value])));
    return this.node("Slice", [input, ...bounds]);
  }

  concat(inputs: readonly string[], axis: number): string {
    return this.node("Concat", inputs, { axis });
  }

  /** Adds a constant tensor, row-major. Large ones are streamed to the external data file. */
  async constant(name: string, type: ElementType, shape: readonly number[], content: TensorContent): Promise<string> {
    const unique = this.unique(name);
    const bytes = sizeOf(shape) * elementBytes[type];
    const length = await this.store({ name: unique, dims: shape, dataType: elementTypes[type] }, content, bytes);
    if (length !== bytes) throw new RangeError(`Tensor ${name} has ${length} bytes; its shape needs ${bytes}.`);
    return unique;
  }

  /** Adds a tensor, whose content is stored in the external data file if it is large. @returns bytes written */
  private async store(tensor: object, content: TensorContent, bytes: number): Promise<number> {
    if (content instanceof Uint8Array && bytes < EXTERNAL_FROM_BYTES) {
      this.initializers.push({ ...tensor, rawData: content });
      return content.length;
    }
    const { offset, length } = await this.external.append(content);
    const location = { location: this.external.fileName, offset: String(offset), length: String(length) };
    const externalData = Object.entries(location).map(([key, value]) => ({ key, value }));
    this.initializers.push({ ...tensor, dataLocation: EXTERNAL_LOCATION, externalData });
    return length;
  }

  /** A float32 constant. */
  floats(name: string, shape: readonly number[], values: ArrayLike<number>): Promise<string> {
    return this.constant(name, "float32", shape, bytesOf(Float32Array.from(values)));
  }

  /** A scalar float32 constant. */
  scalar(name: string, value: number): Promise<string> {
    return this.floats(name, [], [value]);
  }

  /** A one-dimensional int64 constant, for shapes and axes. Equal constants are stored once. */
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
   * Adds the nodes and constants of another graph, whose names must be free in this one, and uses its versions of the operator
   * sets. Nodes added by `node` must have the same meaning in these versions.
   */
  async splice(
    nodes: readonly object[],
    constants: readonly ForeignTensor[],
    opsets: ReadonlyMap<string, number>,
  ): Promise<void> {
    for (const [domain, version] of opsets) this.opsets.set(domain, version);
    for (const { rawData, outside, ...tensor } of constants) {
      if (rawData) await this.store(tensor, rawData, rawData.length);
      else if (outside) await this.store(tensor, slicesOf(outside), outside.length);
      else this.initializers.push(tensor);
    }
    this.nodes.push(...nodes);
  }

  /** Gives a tensor the name of an output. */
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
        opsetImport: Array.from(this.opsets, ([domain, version]) => ({ domain, version })),
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

function attributeProto(name: string, value: Attribute): object {
  if (typeof value === "number") return { name, type: 2, i: value };
  if (typeof value === "string") return { name, type: 3, s: Buffer.from(value) };
  return "float" in value ? { name, type: 1, f: value.float } : { name, type: 7, ints: value };
}

function valueInfo({ name, type, shape }: GraphValue): object {
  const dim = shape.map((extent) => (typeof extent === "number" ? { dimValue: extent } : { dimParam: extent }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}
