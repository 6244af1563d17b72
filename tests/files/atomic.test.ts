import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  mustBeWritable,
  projectRoot,
  removeAbandoned,
  writeFileAtomically,
  writeFolderAtomically,
  writeOnce,
} from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("of several writers of one file the first stays, whole, and nothing else is left", async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "new", "file");
  await Promise.all(["a", "b", "c"].map((text) => writeOnce(path, (own) => writeFile(own, text.repeat(1000)))));
  const first = await readFile(path, "utf8");
  assert.ok(/^(a{1000}|b{1000}|c{1000})$/.test(first));
  await writeOnce(path, (own) => writeFile(own, "later"));
  assert.equal(await readFile(path, "utf8"), first);
  await assert.rejects(
    writeOnce(join(folder, "new", "other"), () => Promise.reject(new Error("full"))),
    /full/,
  );
  assert.deepEqual(await readdir(join(folder, "new")), ["file"]);
});

test("files and folders whose names are as long as file systems allow are written, and leftovers of them removed", async (context) => {
  const folder = await temporaryDirectory(context);
  for (const name of ["x".repeat(255), `${"ä".repeat(126)}.csv`.slice(0, 128)]) {
    const path = join(folder, name);
    await writeFileAtomically(path, "1");
    assert.equal(await readFile(path, "utf8"), "1");
    await writeFolderAtomically(`${path.slice(0, -1)}d`, (own) => writeFile(join(own, "a"), ""));
  }
  const names = await readdir(folder);
  assert.equal(names.length, 4);
  const [left, other] = [`${"x".repeat(200)}.tmp-4000000-1`, "x.tmp-4000000-1"];
  for (const name of [left, other]) {
    await writeFile(join(folder, name), "");
    await utimes(join(folder, name), 1, 1);
  }
  await removeAbandoned(join(folder, "x".repeat(200)));
  assert.deepEqual((await readdir(folder)).sort(), [...names, other].sort());
});

test("a folder is replaced by a whole one, or stays as it was", async (context) => {
  const path = join(await temporaryDirectory(context), "new", "folder");
  const write = (name: string) => writeFolderAtomically(path, (folder) => writeFile(join(folder, name), name));
  await write("first");
  assert.deepEqual(await readdir(path), ["first"]);
  await write("second");
  assert.deepEqual(await readdir(path), ["second"]);
  const failing = writeFolderAtomically(path, async (folder) => {
    await writeFile(join(folder, "half"), "");
    throw new Error("full");
  });
  await assert.rejects(failing, /full/);
  assert.deepEqual(await readdir(path), ["second"]);
  assert.deepEqual(await readdir(join(path, "..")), ["folder"]);
});

test("several writers of one folder, also those with one process id, leave one whole folder", async (context) => {
  const path = join(await temporaryDirectory(context), "folder");
  const [own, other] = [`${process.pid}`, `${process.pid}-17`];
  const living = [`folder.tmp-${own}`, `folder.tmp-${other}`, `folder.old-${other}`];
  for (const name of living) await mkdir(join(path, "..", name));
  const write = async (name: string) =>
    writeFolderAtomically(path, async (folder) => {
      for (const part of ["a", "b"]) await writeFile(join(folder, `${name}-${part}`), "");
    });
  await Promise.all(Array.from({ length: 20 }, (_, i) => write(`${i}`)));
  const [first = "", second = "", ...more] = (await readdir(path)).sort();
  assert.deepEqual([first, second, more], [first, first.replace("a", "b"), []]);
  assert.deepEqual((await readdir(join(path, ".."))).sort(), ["folder", ...living].sort());
});

test("a folder is replaced, and what a killed process of the same id has left is removed a day later", async (context) => {
  const path = join(await temporaryDirectory(context), "folder");
  const left = [`${path}.old-${process.pid}`, `${path}.tmp-${process.pid}`, `${path}.tmp-${process.pid}-3`];
  for (const folder of [path, ...left]) {
    await mkdir(folder);
    await writeFile(join(folder, "left"), "");
    await utimes(folder, new Date(0), new Date(0));
  }
  await writeFolderAtomically(path, (folder) => writeFile(join(folder, "new"), ""));
  assert.deepEqual(await readdir(path), ["new"]);
  assert.deepEqual(await readdir(join(path, "..")), ["folder"]);
});

test("a writer spares what a process of the same id in another container writes, but not what is abandoned", async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "file");
  const others = Array.from({ length: 2000 }, (_, i) => `file.tmp-${process.pid}-${i}`);
  // Later than now: on a busy machine, the first of them would be old before the last is written.
  const later = new Date(Date.now() + 600_000);
  for (const name of others) {
    await writeFile(join(folder, name), "half");
    await utimes(join(folder, name), later, later);
  }
  const [left, ...living] = others as [string, ...string[]];
  await utimes(join(folder, left), new Date(0), new Date(0));
  await removeAbandoned(path);
  await writeFileAtomically(path, "whole");
  assert.deepEqual((await readdir(folder)).sort(), ["file", ...living].sort());
  for (const name of living) assert.equal(await readFile(join(folder, name), "utf8"), "half");
});

/** Whether a folder can be made here that cannot be renamed: a disk of its own in a namespace of its own. */
const withoutNamespace =
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status !== 0 &&
  "no tmpfs can be mounted here (unshare -rm)";

test("an old folder is back where it was if the new one cannot take its place", {
  skip: withoutNamespace,
}, async (context) => {
  const path = join(await temporaryDirectory(context), "folder");
  await writeFolderAtomically(path, (folder) => writeFile(join(folder, "old"), ""));
  const code = `
    const { writeFolderAtomically } = require(${JSON.stringify(join(projectRoot(), "dist", "src", "files", "index.js"))});
    const mount = async (folder) => void require("node:child_process").execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
    writeFolderAtomically(${JSON.stringify(path)}, mount).catch((error) => console.log(error.code));`;
  const { stdout } = spawnSync("unshare", ["-rm", process.execPath, "-e", code], { encoding: "utf8" });
  assert.equal(stdout, "EBUSY\n");
  assert.deepEqual(await readdir(path), ["old"]);
});

test("a link stays one when its file is replaced, and a pipe is written to", async (context) => {
  const folder = await temporaryDirectory(context);
  const [file, linked, pipe] = ["file", "linked", "pipe"].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(file, "old");
  await symlink(file, linked);
  await mustBeWritable("--out", linked);
  await writeFileAtomically(linked, "new");
  assert.deepEqual([await readFile(file, "utf8"), lstatSync(linked).isSymbolicLink()], ["new", true]);
  execFileSync("mkfifo", [pipe]);
  const reader = promisify(execFile)("timeout", ["20", "cat", pipe]);
  await mustBeWritable("--out", pipe);
  await writeFileAtomically(pipe, "through");
  assert.equal((await reader).stdout, "through");
  assert.deepEqual(readdirSync(folder).sort(), ["file", "linked", "pipe"]);
});

test("a full disk is reported with the file or folder that did not fit", {
  skip: process.platform !== "linux",
}, async (context) => {
  await assert.rejects(writeFileAtomically("/dev/full", "x"), { code: "ENOSPC", message: /write '\/dev\/full'$/ });
  const folder = join(await temporaryDirectory(context), "model");
  const written = writeFolderAtomically(folder, () => writeFile("/dev/full", "x"));
  await assert.rejects(written, { code: "ENOSPC", path: folder });
});
