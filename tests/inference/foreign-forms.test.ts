/** Graphs of every age and precision, with their weights in any place: right, or refused by name. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeJson } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import { modelProto } from "../../src/onnx/schema";
import { channelsFirst, FOREIGN_SIZE, FOREIGN_VALUES, writeForeignModel } from "../support/foreign-model";
import { randomPixels, temporaryDirectory } from "../support/trained-run";

/** Weight of each channel's mean; all of them exact in half precision. */
const WEIGHTS = [0.75, -1.5, 0.25];
const [FLOAT, UINT8, INT32, HALF, DOUBLE] = [1, 2, 6, 10, 11];
const DTYPES: Readonly<Record<number, string>> = { 1: "float32", 2: "uint8", 10: "float16", 11: "float64" };
const halves = Uint16Array.of(0x3a00, 0xbe00, 0x3400);
const floatWeights = new Uint8Array(Float32Array.from(WEIGHTS).buffer);

interface RawModel {
  readonly opset?: number;
  readonly ir?: number;
  /** Element type that is computed in. */
  readonly type?: number;
  readonly inputType?: number;
  readonly outputType?: number;
  /** Further inputs. */
  readonly inputs?: readonly object[];
  /** Where the weights lie, as keys of ONNX's `external_data`. */
  readonly external?: Readonly<Record<string, string>>;
  readonly layout?: "NCHW" | "NHWC";
  /** What the card says of the input's type, if that is wrong. */
  readonly dtype?: string;
}

const info = (name: string, type: number, dims: readonly (string | number)[]) => {
  const dim = dims.map((extent) => (typeof extent === "number" ? { dimValue: extent } : { dimParam: extent }));
  return { name, type: { tensorType: { elemType: type, shape: { dim } } } };
};

/** The mean of each channel, times its weight, with operators that are as old as operator set 7. */
async function write(t: TestContext, raw: RawModel, files: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
  const { opset = 13, ir = 8, type = FLOAT, inputType = FLOAT, outputType = FLOAT, layout = "NCHW" } = raw;
  const directory = join(await temporaryDirectory(t), "theirs");
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  const cast = (from: string, to: string, wanted: number) => ({
    ...{ opType: "Cast", input: [from], output: [to] },
    attribute: [{ name: "to", type: 2, i: wanted }],
  });
  const transpose = {
    ...{ opType: "Transpose", input: ["typed"], output: ["first"] },
    attribute: [{ name: "perm", type: 7, ints: layout === "NHWC" ? [0, 3, 1, 2] : [0, 1, 2, 3] }],
  };
  const externalData = Object.entries(raw.external ?? {}).map(([key, value]) => ({ key, value }));
  const weights = type === FLOAT ? floatWeights : new Uint8Array(halves.buffer);
  const Model = await modelProto();
  const shape = layout === "NCHW" ? [3, FOREIGN_SIZE, FOREIGN_SIZE] : [FOREIGN_SIZE, FOREIGN_SIZE, 3];
  const model = Model.fromObject({
    irVersion: ir,
    opsetImport: [{ domain: "", version: opset }],
    graph: {
      name: "classifier",
      node: [
        cast("image", "typed", type),
        transpose,
        { opType: "GlobalAveragePool", input: ["first"], output: ["means"] },
        { opType: "Flatten", input: ["means"], output: ["flat"] },
        { opType: "MatMul", input: ["flat", "w"], output: ["sum"] },
        cast("sum", "scores", outputType),
      ],
      initializer: [
        {
          ...{ name: "w", dims: [3, 1], dataType: type },
          ...(raw.external ? { dataLocation: 1, externalData } : { rawData: weights }),
        },
      ],
      input: [info("image", inputType, ["n", ...shape]), ...(raw.inputs ?? [])],
      output: [info("scores", outputType, ["n", 1])],
    },
  });
  await writeFile(join(directory, "classifier.onnx"), Model.encode(model).finish());
  await writeJson(join(directory, "model.json"), {
    ...{ format: "histo-model/1", name: "theirs", classes: ["benign", "malignant"], threshold: 0.5 },
    graph: "classifier.onnx",
    input: { name: "image", dtype: raw.dtype ?? DTYPES[inputType], layout },
    output: { name: "scores", kind: "logit" },
    preprocessing: { size: FOREIGN_SIZE, resize: "stretch", mean: [0, 0, 0], std: [1, 1, 1] },
  });
  return directory;
}

async function answersRight(directory: string, { scale = 1 / 255, tolerance = 1e-5 } = {}): Promise<string> {
  const predictor = await Predictor.open(directory);
  try {
    const pixels = randomPixels(3, FOREIGN_SIZE);
    const logits = await predictor.predictPixels(pixels, 3);
    const plane = FOREIGN_SIZE * FOREIGN_SIZE;
    const ordered = channelsFirst(pixels);
    for (const [image, logit] of logits.entries()) {
      let expected = 0;
      for (let i = 0; i < FOREIGN_VALUES; i++) {
        const weight = WEIGHTS[Math.floor(i / plane)] as number;
        expected += ((ordered[image * FOREIGN_VALUES + i] as number) * scale * weight) / plane;
      }
      assert.ok(Math.abs(logit - expected) < tolerance * Math.max(1, scale * 255), `${logit} is not ${expected}`);
    }
    return predictor.sha256;
  } finally {
    await predictor.close();
  }
}

const refused = async (directory: string, code: string, message: RegExp) =>
  assert.rejects(Predictor.open(directory), (error: Error & { code?: string; exitStatus?: number }) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n|onnxruntime_src|\.cc:\d/);
    return error.exitStatus === 2;
  });

test("operator sets 7 to 26 answer right, newer and older ones are refused by their number", async (t) => {
  for (let opset = 7; opset <= 26; opset++) await answersRight(await write(t, { opset, ir: opset < 9 ? 3 : 8 }));
  await refused(await write(t, { opset: 27 }), "MODEL_UNREADABLE", /pset 27 .*Export it with version 26 or older/);
  await refused(await write(t, { ir: 99 }), "MODEL_UNREADABLE", /IR version: 99.*Export it with version 13 or older/);
});

test("weights in half precision, and bytes as input in either order, answer right", async (t) => {
  await answersRight(await write(t, { type: HALF }), { tolerance: 2e-3 });
  for (const layout of ["NCHW", "NHWC"] as const) {
    await answersRight(await write(t, { layout }));
    await answersRight(await write(t, { layout, inputType: UINT8 }), { scale: 1 });
  }
});

test("inputs and outputs in half and double precision answer right, of other types are refused", async (t) => {
  for (const type of [HALF, DOUBLE]) {
    const tolerance = type === HALF ? 2e-3 : 1e-5;
    await answersRight(await write(t, { type: type === HALF ? HALF : FLOAT, inputType: type }), { tolerance });
    await answersRight(await write(t, { outputType: type }), { tolerance });
  }
  const wrong = await write(t, { inputType: HALF, dtype: "float32" });
  await refused(wrong, "MODEL_CARD_INVALID", /dtype is float32; the graph takes float16: write float16/);
  const remedy = /export it with float32 or uint8 input/;
  await refused(await write(t, { inputType: INT32, dtype: "float32" }), "MODEL_CARD_INVALID", remedy);
  await refused(await write(t, { outputType: INT32 }), "MODEL_CARD_INVALID", /scores, which is int32/);
});

test("a graph with several inputs is refused by their names; one whose weights are listed among them is not", async (t) => {
  const size = info("image_size", 7, [2]);
  await refused(
    await write(t, { inputs: [size] }),
    "MODEL_CARD_INVALID",
    /the graph needs image_size besides input\.name image/,
  );
  await answersRight(await write(t, { ir: 3, opset: 8, inputs: [info("w", FLOAT, [3, 1])] }));
});

test("weights in other files: with offset and length, without, in folders; those files count for the model's identity", async (t) => {
  const padded = Buffer.concat([Buffer.alloc(5, 7), floatWeights, Buffer.alloc(3, 7)]);
  const hashes: string[] = [];
  for (const [external, content] of [
    [{ location: "w.bin" }, floatWeights],
    [{ location: "w.bin", offset: "5", length: "12" }, padded],
    [{ location: "w.bin", offset: "5" }, padded.subarray(0, 17)],
    [{ location: "weights of all/w.bin" }, floatWeights],
    [{ location: "./w.bin", checksum: "unknown" }, floatWeights],
  ] as const) {
    const { location } = external;
    hashes.push(await answersRight(await write(t, { external }, { [location]: content })));
  }
  assert.equal(new Set(hashes).size, hashes.length);
  const [one, other] = [await write(t, { external: { location: "w.bin" } }), floatWeights.slice()];
  other[0]! ^= 1;
  await writeFile(join(one, "w.bin"), floatWeights);
  const { sha256 } = await openAndClose(one);
  await writeFile(join(one, "w.bin"), other);
  assert.notEqual((await openAndClose(one)).sha256, sha256);
});

test("weights that are missing, cut off or elsewhere are refused by the file", async (t) => {
  const external = { location: "w.bin" };
  await refused(await write(t, { external }), "MODEL_UNREADABLE", /path does not exist: ".*w\.bin"/);
  const short = { "w.bin": floatWeights.subarray(0, 8) };
  await refused(await write(t, { external }, short), "MODEL_UNREADABLE", /size to read: 12 given file_length: 8/);
  const above = { location: "../w.bin" };
  await refused(await write(t, { external: above }), "MODEL_UNREADABLE", /escapes model directory.*\.\.\/w\.bin/);
  await refused(await write(t, { external: { location: "/w.bin" } }), "MODEL_UNREADABLE", /Absolute path not allowed/);
});

for (const bits of [4, 8]) {
  test(`weights of ${bits} bits in blocks (MatMulNBits) answer right`, async (t) => {
    const block = 32;
    const blocks = FOREIGN_VALUES / block;
    const levels = Array.from({ length: FOREIGN_VALUES }, (_, k) => (k * 5) % 2 ** bits);
    const packed = new Uint8Array((FOREIGN_VALUES * bits) / 8);
    for (const [k, level] of levels.entries()) {
      const at = (k * bits) / 8;
      packed[Math.floor(at)]! |= level << (at % 1 ? 4 : 0);
    }
    const directory = await writeForeignModel(join(await temporaryDirectory(t), "model"), async (graph, image) => {
      const weights = await graph.constant("w", "uint8", [1, blocks, (block * bits) / 8], packed);
      const steps = await graph.floats("steps", [blocks], Array<number>(blocks).fill(0.01));
      const attributes = { K: FOREIGN_VALUES, N: 1, bits, block_size: block };
      const inputs = [graph.node("Flatten", [image]), weights, steps];
      return graph.node("MatMulNBits", inputs, attributes, "MatMulNBits", "com.microsoft");
    });
    const predictor = await Predictor.open(directory);
    t.after(() => predictor.close());
    const pixels = randomPixels(1, FOREIGN_SIZE);
    const [logit] = await predictor.predictPixels(pixels, 1);
    const image = channelsFirst(pixels);
    const zero = 2 ** (bits - 1);
    const expected = levels.reduce((sum, level, k) => sum + ((image[k] as number) / 255) * (level - zero) * 0.01, 0);
    assert.ok(Math.abs(logit! - expected) < 1e-3, `${logit} is not ${expected}`);
  });
}

async function openAndClose(directory: string): Promise<{ sha256: string }> {
  const predictor = await Predictor.open(directory);
  await predictor.close();
  return predictor;
}
