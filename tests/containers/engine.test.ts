import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

const skip = process.platform !== "linux" || process.getuid?.() !== 0 ? "containers need Linux and root" : false;

test("each program that containers need is named where it is missing", { skip }, async (t) => {
  const folder = await temporaryDirectory(t);
  const engine = () =>
    spawnSync(process.execPath, ["scripts/containers.mjs", "engine"], {
      cwd: projectRoot(),
      env: { PATH: folder, HISTO_CACHE: folder },
      encoding: "utf8",
    });
  const nothing = engine();
  assert.equal(nothing.status, 3);
  assert.match(
    nothing.stderr,
    /^Missing: podman, buildah, runc, .*\.\nRun: apt-get install --yes podman buildah runc /,
  );
  const programs = ["podman", "buildah", "runc", "debootstrap", "netavark", "aardvark-dns", "iptables", "catatonit"];
  for (const name of [...programs, "go"]) await writeFile(join(folder, name), "");
  assert.equal(engine().stderr, "");
  await rm(join(folder, "iptables"));
  assert.equal(engine().stderr, "Missing: iptables.\nRun: apt-get install --yes iptables\n");
  await writeFile(join(folder, "iptables"), "");
  await rm(join(folder, "go"));
  assert.match(engine().stderr, /^Missing: Go,/);
});
