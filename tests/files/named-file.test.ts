/** Outputs that are open files of the process, or lie behind links. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, lstatSync, openSync, readdirSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  descriptorOf,
  mustBeReplaceable,
  mustBeWritable,
  projectRoot,
  writeFileAtomically,
  writeFolderAtomically,
} from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

const withoutDescriptors = !existsSync("/dev/fd") && "there is no /dev/fd here";

for (const [flags, first] of [
  ["a", "before\n"],
  ["w", ""],
] as const) {
  test(`what a redirect has opened with ${flags} is written to where it is`, {
    skip: withoutDescriptors,
  }, async (t) => {
    const path = join(await temporaryDirectory(t), "redirected");
    await writeFile(path, "before\n");
    const code = `
      const { mustBeWritable, writeFileAtomically } = require(${JSON.stringify(join(projectRoot(), "dist/src/files/index.js"))});
      (async () => {
        for (const name of ["/dev/stdout", "/dev/fd/3", "/proc/self/fd/1"]) {
          await mustBeWritable("--out", name);
          await writeFileAtomically(name, name + "\\n");
          console.log("and more");
        }
      })();`;
    const file = openSync(path, flags);
    const stdio = ["ignore", file, "pipe", file] as const;
    const { stderr } = spawnSync(process.execPath, ["-e", code], { stdio: [...stdio], encoding: "utf8" });
    closeSync(file);
    const lines = ["/dev/stdout", "and more", "/dev/fd/3", "and more", "/proc/self/fd/1", "and more"];
    assert.equal(await readFile(path, "utf8"), `${first}${lines.join("\n")}\n`, stderr);
  });
}

test("standard output is written to also where it is a socket, as under another Node program", {
  skip: withoutDescriptors,
}, () => {
  const code = `
    const { writeFileAtomically } = require(${JSON.stringify(join(projectRoot(), "dist/src/files/index.js"))});
    writeFileAtomically("/dev/stdout", "x".repeat(1e6));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], { encoding: "utf8" });
  assert.equal(stdout.length, 1e6, stderr);
});

test("a descriptor that is not open, or for reading only, is refused before the work", {
  skip: withoutDescriptors,
}, async (t) => {
  const path = join(await temporaryDirectory(t), "read");
  await writeFile(path, "before\n");
  const file = openSync(path, "r");
  t.after(() => closeSync(file));
  for (const name of [`/dev/fd/${file}`, "/dev/fd/9999"]) {
    await assert.rejects(mustBeWritable("--out", name), { code: "OUT_NOT_WRITABLE", message: /cannot be written/ });
  }
});

test("other files and devices are none that the process has open", { skip: withoutDescriptors }, async (t) => {
  const folder = await temporaryDirectory(t);
  await symlink("/dev/fd/1", join(folder, "out"));
  assert.equal(await descriptorOf(join(folder, "out")), 1);
  for (const path of ["/dev/null", "/dev", join(folder, "missing", "1"), folder]) {
    assert.equal(await descriptorOf(path), undefined, path);
  }
});

test("a link to a file or folder that is not there yet stays a link, and one in a circle is refused", async (t) => {
  const folder = await temporaryDirectory(t);
  await mkdir(join(folder, "far"));
  await symlink("far/table.csv", join(folder, "table.csv"));
  await mustBeWritable("--out", join(folder, "table.csv"));
  await writeFileAtomically(join(folder, "table.csv"), "a\n");
  assert.ok(lstatSync(join(folder, "table.csv")).isSymbolicLink());
  assert.equal(await readFile(join(folder, "far", "table.csv"), "utf8"), "a\n");

  await symlink("far/model", join(folder, "model"));
  for (const name of ["first", "second"]) {
    await mustBeReplaceable("--out", join(folder, "model"));
    await writeFolderAtomically(join(folder, "model"), (made) => writeFile(join(made, name), ""));
    assert.ok(lstatSync(join(folder, "model")).isSymbolicLink());
    assert.deepEqual(readdirSync(join(folder, "far", "model")), [name]);
  }
  assert.deepEqual(readdirSync(join(folder, "far")).sort(), ["model", "table.csv"]);

  await symlink("circle", join(folder, "circle"));
  await assert.rejects(mustBeWritable("--out", join(folder, "circle")), { code: "OUT_NOT_WRITABLE" });
  await assert.rejects(writeFileAtomically(join(folder, "circle"), ""), { code: "ELOOP" });
});
