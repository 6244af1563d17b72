import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import type { BenchmarkResult } from "../../bench/index";
import { missingForContainers } from "../support/containers";
import { histo, histoJson } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

const missing = missingForContainers();

interface Soak extends BenchmarkResult {
  readonly ours: {
    readonly faults: number;
    readonly statuses: Readonly<Record<string, number>>;
    readonly burstStatuses: Readonly<Record<string, number>>;
    readonly memoryMb: number;
    readonly threads: number;
  };
}

test("under mixed requests the container answers all, refuses what is too much, and says when to come back", {
  skip: missing ?? false,
}, () => {
  const { ours, ratio, partial } = histoJson<Soak>("bench", "soak", "--quick", "--cpus", "0.5");
  assert.equal(partial, undefined);
  assert.equal(ours.faults, 0, JSON.stringify(ours));
  assert.ok((ours.statuses["200"] ?? 0) > 0 && (ours.statuses["422"] ?? 0) > 0 && (ours.statuses["404"] ?? 0) > 0);
  // Four bursts, each a hundred requests beyond the limit of one client.
  assert.ok((ours.burstStatuses["429"] ?? 0) >= 400, JSON.stringify(ours.burstStatuses));
  assert.ok((ours.burstStatuses["503"] ?? 0) > 0, JSON.stringify(ours.burstStatuses));
  assert.ok(ours.memoryMb > 0 && ours.threads > 0 && ratio > 0);
});

test("a soak that cannot start leaves no folder behind", { skip: missing ?? false }, async (t) => {
  const directory = await temporaryDirectory(t);
  // Images are not pulled, so that none is there to build on.
  Object.assign(process.env, { TMPDIR: directory, HISTO_CONTAINER_BASES: "registry" });
  const { stderr } = histo("bench", "soak", "--quick");
  assert.match(stderr, /buildah/);
  const left = (await readdir(directory)).filter((name) => name.startsWith("histo-"));
  assert.deepEqual(left, []);
});

test("its options belong to it alone", () => {
  const { status, stderr } = histo("bench", "inference", "--minutes", "5");
  assert.equal(status, 2);
  assert.match(stderr, /--minutes and --cpus are options of the benchmark soak only/);
});
