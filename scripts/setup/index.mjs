// The set-up: installs what is missing. Uses only Node's own modules.
import { mkdirSync } from "node:fs";
import { locked } from "./lock.mjs";
import { packages } from "./packages.mjs";
import { setupFolder } from "./paths.mjs";
import { bytecode, python } from "./python.mjs";
import { orExit, SetupError } from "./shell.mjs";
import { clearStamp, finished, keyOf, writeStamp } from "./stamp.mjs";
import { tensorflow } from "./tensorflow.mjs";

const steps = [packages, python, bytecode, tensorflow];
const OLDEST_NODE = [20, 19];

/**
 * Installs everything that the project needs to run.
 * @param {{say?: (line: string) => void}} [options]
 * @returns {Promise<Record<string, object>>} the result of each step
 */
export async function setup({ say = (line) => console.error(line) } = {}) {
  checkNode();
  mkdirSync(setupFolder, { recursive: true });
  if ((await pending()).length > 0) {
    await locked(async () => {
      const todo = await pending();
      if (todo.length) say(`Setting up (once): ${todo.map((step) => step.label).join(", ")}. Logs: .setup/logs`);
      const running = new Map();
      for (const step of todo) {
        const before = (step.needs ?? []).map((name) => running.get(name));
        running.set(
          step.name,
          Promise.all(before).then(() => install(step, say)),
        );
      }
      const failed = (await Promise.allSettled(running.values())).find(({ status }) => status === "rejected");
      if (failed) throw failed.reason;
    });
  }
  return Object.fromEntries(await Promise.all(steps.map(async (step) => [step.name, await resultOf(step)])));
}

async function keyFor(step) {
  const values = typeof step.values === "function" ? await step.values() : (step.values ?? []);
  return keyOf(step.inputs, process.versions.modules, ...values);
}

/** Of a finished step; undefined if it must run (again), also because it can do better now. */
async function resultOf(step) {
  const result = finished(step.name, await keyFor(step), step.outputs);
  return result && !(await step.canImprove?.(result)) ? result : undefined;
}

async function pending() {
  const stale = [];
  for (const step of steps) {
    const needsStale = (step.needs ?? []).some((name) => stale.some((other) => other.name === name));
    if (needsStale || !(await resultOf(step))) stale.push(step);
  }
  return stale;
}

async function install(step, say) {
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  clearStamp(step.name);
  const ticker = setInterval(() => say(`  ... ${step.label}, ${elapsed()}`), 20_000);
  try {
    const result = await step.install((line) => say(`  ${line}`));
    writeStamp(step.name, await keyFor(step), result);
    say(`  ${step.label}: done (${elapsed()})`);
  } finally {
    clearInterval(ticker);
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new SetupError(`Node ${process.versions.node} is too old.`, `Install Node ${OLDEST_NODE.join(".")} or newer.`);
}

/** Runs the set-up for a script of package.json: a failure is one clear message and exit status 1. */
export function setupOrExit() {
  return orExit(1, async () => {
    try {
      return await setup();
    } catch (error) {
      throw new SetupError(`Set-up failed. ${error.message}`, error.advice, error.log);
    }
  });
}
