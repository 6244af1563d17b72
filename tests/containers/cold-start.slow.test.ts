import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { median } from "../../bench/median";
import { containers, missingForContainers, podman, startFunctionContainer } from "../support/containers";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const STARTS = 9;
const missing = missingForContainers();

test("the function's container answers soon after it was started from nothing", {
  skip: missing ?? false,
}, async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"), { size: 224, hidden: [96, 32], variant: "int8" });
  // Readable for the image's user, which the folder around is not.
  const images = join(folder, "images");
  await mkdir(images);
  const image = await containers("build", "lambda", "--model", model, "--tag", "localhost/histo/lambda:cold");
  const body = new Uint8Array(await tile(3, 224));
  const seconds = { engine: [] as number[], ready: [] as number[], answer: [] as number[] };
  for (let start = 0; start < STARTS; start++) {
    const before = performance.now();
    await podman("run", "--rm", "--read-only", "--entrypoint", "/var/lang/bin/node", image, "--version");
    seconds.engine.push((performance.now() - before) / 1000);
    const started = performance.now();
    const lambda = await startFunctionContainer(image, { models: [model], images });
    try {
      const headers = { "content-type": "image/png" };
      const response = await fetch(`${lambda.url}/predict`, { method: "POST", headers, body });
      assert.equal(response.status, 200, await response.text());
      seconds.ready.push(lambda.initSeconds);
      seconds.answer.push((performance.now() - started) / 1000);
    } finally {
      await lambda.close();
    }
  }
  const shown = Object.entries(seconds).map(([what, values]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2));
    return `${what} ${median(values).toFixed(2)} s (${low} to ${high})`;
  });
  console.log(`  cold start of the function's container, medians of ${STARTS}: ${shown.join(", ")}`);
  // Lambda gives the start of a container ten seconds.
  assert.ok(median(seconds.ready) < 10);
});
