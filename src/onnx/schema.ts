/**
 * @module The part of ONNX's protobuf schema that the graph writer and the reader of backbones use, as a protobufjs descriptor.
 * Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
import type { INamespace, Type } from "protobufjs/light.js";

type Field = readonly [type: string, id: number, rule?: "repeated"];

function message(fields: Readonly<Record<string, Field>>) {
  const field = ([type, id, rule]: Field) => (rule ? { type, id, rule } : { type, id });
  return { fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, field(value)])) };
}

const descriptor: INamespace = {
  nested: {
    ModelProto: message({
      irVersion: ["int64", 1],
      producerName: ["string", 2],
      producerVersion: ["string", 3],
      docString: ["string", 6],
      graph: ["GraphProto", 7],
      opsetImport: ["OperatorSetIdProto", 8, "repeated"],
      metadataProps: ["StringStringEntryProto", 14, "repeated"],
      functions: ["FunctionProto", 25, "repeated"],
    }),
    FunctionProto: message({ name: ["string", 1] }),
    GraphProto: message({
      node: ["NodeProto", 1, "repeated"],
      name: ["string", 2],
      initializer: ["TensorProto", 5, "repeated"],
      input: ["ValueInfoProto", 11, "repeated"],
      output: ["ValueInfoProto", 12, "repeated"],
    }),
    NodeProto: message({
      input: ["string", 1, "repeated"],
      output: ["string", 2, "repeated"],
      name: ["string", 3],
      opType: ["string", 4],
      attribute: ["AttributeProto", 5, "repeated"],
      domain: ["string", 7],
    }),
    AttributeProto: message({
      name: ["string", 1],
      f: ["float", 2],
      i: ["int64", 3],
      s: ["bytes", 4],
      t: ["TensorProto", 5],
      g: ["GraphProto", 6],
      floats: ["float", 7, "repeated"],
      ints: ["int64", 8, "repeated"],
      strings: ["bytes", 9, "repeated"],
      tensors: ["TensorProto", 10, "repeated"],
      graphs: ["GraphProto", 11, "repeated"],
      type: ["int32", 20],
    }),
    TensorProto: message({
      dims: ["int64", 1, "repeated"],
      dataType: ["int32", 2],
      floatData: ["float", 4, "repeated"],
      int32Data: ["int32", 5, "repeated"],
      int64Data: ["int64", 7, "repeated"],
      doubleData: ["double", 10, "repeated"],
      uint64Data: ["uint64", 11, "repeated"],
      name: ["string", 8],
      rawData: ["bytes", 9],
      externalData: ["StringStringEntryProto", 13, "repeated"],
      dataLocation: ["int32", 14],
    }),
    ValueInfoProto: message({ name: ["string", 1], type: ["TypeProto", 2] }),
    TypeProto: message({ tensorType: ["TensorTypeProto", 1] }),
    TensorTypeProto: message({ elemType: ["int32", 1], shape: ["TensorShapeProto", 2] }),
    TensorShapeProto: message({ dim: ["DimensionProto", 1, "repeated"] }),
    DimensionProto: message({ dimValue: ["int64", 1], dimParam: ["string", 2] }),
    OperatorSetIdProto: message({ domain: ["string", 1], version: ["int64", 2] }),
    StringStringEntryProto: message({ key: ["string", 1], value: ["string", 2] }),
  },
};

/** Tensor element types of ONNX (`TensorProto.DataType`). */
export const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float64: 11 } as const;
export type ElementType = keyof typeof elementTypes;

export const elementBytes = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, float64: 8 } as const;

/** `TensorProto.data_location` of a tensor that is stored in another file. */
export const EXTERNAL_LOCATION = 1;

/** The message type `ModelProto`. Loads protobufjs only here, because predictions do not need it. */
export async function modelProto(): Promise<Type> {
  const { Root } = await import("protobufjs/light.js");
  return Root.fromJSON(descriptor).lookupType("ModelProto");
}
