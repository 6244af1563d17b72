import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { watchCores } from "../../src/machine/index";

test("tells the processors that this process uses from those that others use", async (context) => {
  const other = spawn(process.execPath, ["-e", "process.stdout.write('on'); for (;;);"]);
  context.after(() => other.kill("SIGKILL"));
  await new Promise((resolve) => other.stdout.once("data", resolve));

  const whileOthersCompute = watchCores();
  await delay(500);
  const idle = whileOthersCompute();
  assert.ok(idle.own < 0.3, `own ${idle.own}`);
  // Another program may take the other's processor, so it counts whichever computes.
  assert.ok(idle.others > 0.6, `others ${idle.others}`);
  assert.equal(idle.all, cpus().length);

  const whileComputing = watchCores();
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < 300_000);
  const { own } = whileComputing();
  assert.ok(own > 0.1 && own > 3 * idle.own, `own ${own}, before ${idle.own}`);
});
