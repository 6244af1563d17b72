import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { runTraining } from "../../src/training/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("on synthetic tiles a small CNN reaches a test AUC above 0.9, a plain MLP stays between chance and that", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const data = join(directory, "data");
  await writeSyntheticDataset({ out: data });
  const shared = { data, size: 112, batch: 32, seed: 0 };
  const recipe = { model: "cnn", epochs: 14, lr: 3e-3, schedule: "onecycle", augment: "dihedral" };
  const network = await runTraining({ ...shared, ...recipe }, { run: join(directory, "cnn") });
  assert.ok(network.test.rocAuc > 0.9, `CNN ${network.test.rocAuc}`);
  const plain = { model: "mlp", hidden: [256, 64], epochs: 5 };
  const mlp = await runTraining({ ...shared, ...plain }, { run: join(directory, "mlp") });
  assert.ok(mlp.test.rocAuc > 0.6, `MLP ${mlp.test.rocAuc}`);
  assert.ok(mlp.test.rocAuc < network.test.rocAuc - 0.05, `MLP ${mlp.test.rocAuc}, CNN ${network.test.rocAuc}`);
});
