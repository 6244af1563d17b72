/** Every technique's exported model through Python's onnxruntime: the answers are those that training recorded. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { peerPython } from "../../bench/python-peers";
import { loadDataset, writeSyntheticDataset } from "../../src/dataset/index";
import { readPredictions } from "../../src/evaluation/index";
import { compareTechniques, usualTechniques } from "../../src/experiments/index";
import { decodeImage } from "../../src/image/index";
import { RunDirectory } from "../../src/runs/index";
import { BACKBONE_SIZE, writeBackbone } from "../support/backbone-file";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 48;

const PROGRAM = `
import json, sys
import numpy, onnx, onnxruntime
path, size = sys.argv[1], int(sys.argv[3])
pixels = numpy.fromfile(sys.argv[2], numpy.uint8).reshape(-1, size, size, 3)
onnx.checker.check_model(path, full_check=True)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
together = session.run(["logit"], {"pixels": pixels})[0][:, 0]
alone = session.run(["logit"], {"pixels": pixels[:1]})[0][0, 0]
print(json.dumps({"together": together.tolist(), "alone": float(alone)}))
`;

test("every technique's model gives its recorded logits in Python's onnxruntime", async (context) => {
  const python = await peerPython(["numpy", "onnx>=1.17", "onnxruntime>=1.20"]);
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, out, file] = ["data", "out", "backbone.onnx"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await writeSyntheticDataset({ out: data, images: 60, size: SIZE, seed: 11 });
  await writeBackbone(file, "class-token", { weightsIn: "backbone.onnx.data" });
  const models = usualTechniques();
  const { rows } = await compareTechniques({ data, out, models, backbone: file, size: SIZE, epochs: 2 });
  const tiles = new Map((await loadDataset(data)).tiles.map((tile) => [tile.name, tile.path]));
  const single = rows.filter(({ name }) => name !== "ensemble");
  assert.equal(single.length, models.length + 1);
  for (const { name, size } of single) {
    assert.equal(size, { backbone: BACKBONE_SIZE, pretrained: 224 }[name] ?? SIZE);
    const recorded = await readPredictions(new RunDirectory(join(out, name)).predictions("test"));
    assert.ok(recorded.length >= 15);
    const pixels = await Promise.all(
      recorded.map(({ filename }) => decodeImage(tiles.get(filename) as string, { size })),
    );
    const input = join(directory, "pixels.bin");
    await writeFile(input, Buffer.concat(pixels));
    const model = join(out, name, "model", "model.onnx");
    const answer = execFileSync(python, ["-W", "ignore", "-c", PROGRAM, model, input, String(size)], {
      encoding: "utf8",
    });
    const { together, alone } = JSON.parse(answer) as { together: number[]; alone: number };
    assert.equal(together.length, recorded.length);
    const largest = Math.max(1, ...recorded.map(({ logit }) => Math.abs(logit)));
    for (const [i, { logit }] of recorded.entries()) {
      const difference = Math.abs((together[i] as number) - logit);
      assert.ok(difference <= 1e-4 * largest, `${name}: ${together[i]} for ${logit}`);
    }
    assert.ok(Math.abs(alone - (together[0] as number)) < 1e-4 * largest, `${name}: ${alone} alone`);
  }
});
