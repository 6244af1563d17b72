import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { processorLimit, processorName, usableMemory, usableProcessors } from "../../src/machine/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** The folders `proc` and `sys` of a machine, with these files. */
async function machine(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryDirectory(t);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

test("a container with control groups of version 2 may use its quota", async (t) => {
  const own = { "proc/self/cgroup": "0::/\n" };
  assert.equal(processorLimit(await machine(t, { ...own, "sys/fs/cgroup/cpu.max": "150000 100000\n" })), 1.5);
  assert.equal(processorLimit(await machine(t, { ...own, "sys/fs/cgroup/cpu.max": "max 100000\n" })), Infinity);
});

test("the narrowest of the groups above counts", async (t) => {
  const root = await machine(t, {
    "proc/self/cgroup": "0::/batch.slice/job-7.scope/worker\n",
    "sys/fs/cgroup/batch.slice/cpu.max": "400000 100000\n",
    "sys/fs/cgroup/batch.slice/job-7.scope/cpu.max": "200000 100000\n",
    "sys/fs/cgroup/batch.slice/job-7.scope/worker/cpu.max": "max 100000\n",
  });
  assert.equal(processorLimit(root), 2);
});

test("control groups of version 1 name the controller, and a container sees its group as the top one", async (t) => {
  const root = await machine(t, {
    "proc/self/cgroup": "4:memory:/docker/3f\n3:cpu,cpuacct:/docker/3f\n0::/\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  });
  assert.equal(processorLimit(root), 0.5);
  const free = await machine(t, {
    "proc/self/cgroup": "3:cpu:/\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  });
  assert.equal(processorLimit(free), Infinity);
});

test("without control groups the machine is the limit", async (t) => {
  assert.equal(processorLimit(await machine(t, {})), Infinity);
  assert.ok(usableProcessors() >= 1 && usableProcessors() <= availableParallelism());
  assert.ok(usableMemory() > 0 && usableMemory() <= totalmem());
});

test("generations of processors with one name are told apart", async (t) => {
  const system = cpus()[0]?.model.trim() || process.arch;
  const named = async (text: string) => processorName(await machine(t, { "proc/cpuinfo": text }));
  const zen = (family: number) =>
    `vendor_id\t: AuthenticAMD\ncpu family\t: ${family}\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n`;
  assert.equal(await named(zen(25)), `${system}, family 25, model 2`);
  assert.equal(await named(zen(26)), `${system}, family 26, model 2`);
  assert.equal(await named("CPU implementer\t: 0x41\n"), system);
});
