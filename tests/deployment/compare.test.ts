import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  coldStartOptions,
  compareUnder,
  constantTraffic,
  meanMachines,
  measureLambda,
  measureServer,
  readPrices,
} from "../../src/deployment/index";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}`);

test("a fleet has one machine at least, follows the load, and at most what its peak needs", () => {
  // 100/s a machine at 60 %: 60/s each.
  const fleet = { throughput: 100, targetUtilization: 0.6, peakRatio: 4, autoscaling: true };
  near(meanMachines(1, fleet), 1);
  near(meanMachines(150, fleet), 3); // 150/60 and a half; the peak of 600/s needs 10
  near(meanMachines(150, { ...fleet, autoscaling: false }), 10);
  near(meanMachines(15, { ...fleet, peakRatio: 1 }), 1);
});

test("cold starts by hand: 1 GB of model, 2 GB of memory, 1000 starts a month", async () => {
  const setting = { init: 1, placementSeconds: 0.5, modelGb: 1, memoryMb: 2048, coldStarts: 1000 };
  const speeds = { imageGbPerSecond: 0.5, efsGbPerSecond: 0.1, restoreSeconds: 0.6 };
  const [image, efs, snapshot, warm] = coldStartOptions(setting, speeds, await readPrices());
  near(image!.coldStartSeconds, 3.5); // 0.5 + 1 + 1 / 0.5
  near(image!.dollarsPerMonth, 6000 * 0.0000166667 + 0.1); // 1000 x 3 s x 2 GB, and a GB in the registry
  near(efs!.coldStartSeconds, 11.5);
  near(efs!.dollarsPerMonth, 22_000 * 0.0000166667 + 0.3 + 1000 * 0.03);
  near(snapshot!.coldStartSeconds, 1.1);
  near(warm!.dollarsPerMonth, 2 * 2_628_000 * 0.0000041667 + 0.1);
});

test("a machine that is alone answers as it was measured; all its places at work give its throughput", () => {
  const lambda = { init: [0.5], first: [0.02], warm: [0.01], peakMemoryBytes: undefined, cpus: 1 };
  // 150/s at 13.3 ms each: two places.
  const server = { start: 1, warm: [0.01, 0.01, 0.02], throughput: 150, loaded: [0.05], peakMemoryBytes: undefined };
  const measurements = { lambda, server, placementSeconds: 0.5, targetUtilization: 0.6, maximumMachines: 1 };
  const under = (rate: number, seconds: number) =>
    compareUnder(constantTraffic(rate), { from: 0, seconds }, measurements, 3).server;
  near(under(0.1, 2000).latency.p50, 0.01);
  const busy = under(80, 100);
  assert.ok(busy.rejected === 0 && busy.latency.p99 < 0.1, `${busy.latency.p99}`);
});

test("both programs are measured, and simulated from what was measured", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"));
  const lambda = await measureLambda(model, await tile(1), { memoryMb: 1769, coldStarts: 1, repeats: 5 });
  const server = await measureServer(model, await tile(1), { repeats: 5, concurrency: 4, seconds: 0.5 });
  assert.deepEqual([lambda.init.length, lambda.first.length, lambda.warm.length], [1, 1, 5]);
  assert.ok(lambda.init[0]! > Math.min(...lambda.warm), "starting takes longer than answering");
  assert.ok(server.throughput > 0 && server.loaded.length >= 4);
  const measurements = { lambda, server, placementSeconds: 0.5, targetUtilization: 0.6, maximumMachines: 4 };
  const quiet = compareUnder(constantTraffic(0.001), { from: 0, seconds: 100_000 }, measurements, 1);
  assert.ok(quiet.lambda.coldStarts > 0.3 * quiet.lambda.requests, "after 10 idle minutes a start is cold");
  assert.ok(quiet.lambda.latency.max >= lambda.init[0]! + 0.5);
  assert.equal(quiet.server.rejected, 0);
});
