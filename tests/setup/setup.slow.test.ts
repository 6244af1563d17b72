import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { projectRoot } from "../../src/files/index";
import { Random } from "../../src/random/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("a set-up killed with -9 in the middle, twice, ends complete at the third go and does nothing at the fourth", async (context) => {
  const clone = join(await temporaryDirectory(context), "clone");
  execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${projectRoot()}`, clone]);
  const home = join(clone, "..", "home");
  execFileSync("mkdir", [home]);
  // pip asks rustc for its version, and rustup makes its own folder then; that is not the project's doing.
  const env = { ...process.env, HOME: home, RUSTUP_HOME: join(clone, "..", "rustup") };
  const random = new Random(Date.now());
  for (let kills = 0; kills < 2; kills++) {
    const child = spawn(process.execPath, ["scripts/setup.mjs"], { cwd: clone, env, detached: true, stdio: "ignore" });
    await setTimeout(random.uniform(2000, 9000));
    process.kill(-(child.pid as number), "SIGKILL");
    await once(child, "close");
  }
  const setup = () => spawnSync(process.execPath, ["scripts/setup.mjs"], { cwd: clone, env, encoding: "utf8" });
  const third = setup();
  assert.equal(third.status, 0, third.stderr);
  const started = Date.now();
  const fourth = setup();
  assert.equal(fourth.status, 0, fourth.stderr);
  assert.equal(fourth.stderr, "", "a finished set-up installs nothing");
  assert.ok(Date.now() - started < 2000);
  const doctor = JSON.parse(
    execFileSync(process.execPath, ["bin/histo.cjs", "doctor", "--json"], { cwd: clone, env, encoding: "utf8" }),
  ) as { tensorflow: { kind: string } };
  assert.equal(doctor.tensorflow.kind, "wheel");
  assert.deepEqual(readdirSync(home), [], "nothing is written to the home directory");
});
