import assert from "node:assert/strict";
import { mkdir, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf } from "../../src/files/index";
import { ExternalData, GraphBuilder, readBackboneGraph } from "../../src/onnx/index";
import { modelProto } from "../../src/onnx/schema";
import { temporaryDirectory } from "../support/temporary-directory";

/** More than Node reads into one buffer, as the weights of foundation models are. The file is sparse. */
const OFFSET = 2 ** 31 + 4096;
const VALUES = Float32Array.from({ length: 5e6 }, (_, i) => i);

test("weights beyond 2 GiB of their file get into another graph", async (context) => {
  const folder = await temporaryDirectory(context);
  const weights = join(folder, "weights.bin");
  await writeFile(weights, "");
  await truncate(weights, OFFSET);
  const file = await open(weights, "r+");
  await file.write(bytesOf(VALUES), 0, 4 * VALUES.length, OFFSET);
  await file.close();
  const place = { location: "weights.bin", offset: String(OFFSET), length: String(4 * VALUES.length) };
  const externalData = Object.entries(place).map(([key, value]) => ({ key, value }));
  const initializer = [{ name: "kernel", dims: [VALUES.length], dataType: 1, dataLocation: 1, externalData }];
  const Model = await modelProto();
  const path = join(folder, "model.onnx");
  await writeFile(path, Model.encode(Model.fromObject({ graph: { initializer } })).finish());

  const { graph } = await readBackboneGraph(path);
  const out = join(folder, "out");
  await mkdir(out);
  const external = new ExternalData(out, "model.onnx.data");
  const builder = new GraphBuilder(external);
  await builder.splice([], [{ ...graph.initializer[0] }], new Map());
  await external.close();
  const written = await readFile(join(out, "model.onnx.data"));
  assert.equal(written.compare(bytesOf(VALUES)), 0);

  await truncate(weights, OFFSET + 4);
  await assert.rejects(readBackboneGraph(path), {
    code: "BACKBONE_UNSUPPORTED",
    message: /its weights weights\.bin are cut off/,
  });
});
