import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { QUEUE } from "../../../src/slide/queue/protocol";
import { packageRoot } from "./synthesized";

// Checked against the schemas of Kubernetes and KEDA, without a cluster.
const manifest = (name: string) => parse(readFileSync(join(packageRoot, "..", "kubernetes", name), "utf8"));

test("the Indexed Job is one of Kubernetes, and a wrong field would be noticed", async () => {
  const { Job } = await import("kubernetes-models/batch/v1/Job");
  const job = manifest("slides-job.yaml");
  new Job(job).validate();
  assert.throws(() => new Job({ ...job, spec: { ...job.spec, parallelism: "eight" } }).validate());
});

test("the ScaledJob is one of KEDA with a pod of Kubernetes, and follows the queue that slides are in", async () => {
  const { Job } = await import("kubernetes-models/batch/v1/Job");
  const { ScaledJob } = await import("@kubernetes-models/keda/keda.sh/v1alpha1/ScaledJob");
  const scaled = manifest("slides-keda.yaml");
  new ScaledJob(scaled).validate();
  assert.throws(() => new ScaledJob({ ...scaled, spec: { ...scaled.spec, triggers: undefined } }).validate());
  const { jobTargetRef, triggers, scalingStrategy } = scaled.spec;
  new Job({ metadata: scaled.metadata, spec: jobTargetRef }).validate();
  // KEDA subtracts the running pods from the length, so that it must count what they work on. A slide whose only worker
  // was killed is in the second list alone.
  const lists = triggers.map(({ metadata }: { metadata: { listName: string } }) => metadata.listName);
  assert.deepEqual(lists, [`bull:${QUEUE}:wait`, `bull:${QUEUE}:active`]);
  assert.equal(scalingStrategy.multipleScalersCalculation, "sum");
});
