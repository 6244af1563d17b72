/** @module Cross-validation on drawn folds. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { CrossValidation } from "../../src/experiments/index";
import { setWithFolds } from "../support/data-sets";
import { histoJson } from "../support/histo";

const options = ["--model", "colour", "--epochs", "2", "--size", "16", "--no-track", "--quiet"];

test("--folds N trains on N drawn folds, --fold K on one of them", async (context) => {
  const data = await setWithFolds(context);
  process.env.HISTO_CACHE = join(data, "cache");
  const place = ["--data", data, "--export", "none", ...options];
  const { folds } = histoJson<CrossValidation>("train", ...place, "--folds", "2", "--run", join(data, "both"));
  assert.deepEqual(
    folds.map(({ fold, validation }) => [fold, validation.n]),
    [
      ["1", 12],
      ["2", 12],
    ],
  );
  const one = histoJson<{ validation: object }>(
    "train",
    ...place,
    "--folds",
    "2",
    "--fold",
    "2",
    "--run",
    join(data, "one"),
  );
  assert.deepEqual(one.validation, folds[1]?.validation);
});
