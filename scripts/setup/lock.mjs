// One set-up at a time: a second one waits for the first. A lock whose owner is gone is taken over.
import { linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { setupFolder } from "./paths.mjs";

/** Runs `work` while holding the lock of `folder`. */
export async function locked(work, folder = setupFolder) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "lock");
  for (let waited = 0; !take(path); waited++) {
    if (waited === 4) console.error("Another set-up of this project is running; waiting for it.");
    await setTimeout(250);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** The lock appears whole, its owner inside: written aside, then linked to its name, which fails where one is there. */
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!ownerIsAlive(path)) rmSync(path, { force: true });
    return false;
  } finally {
    unlinkSync(own);
  }
}

function ownerIsAlive(path) {
  try {
    process.kill(Number(readFileSync(path, "utf8")), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
