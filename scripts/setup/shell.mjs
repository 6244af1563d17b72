// Runs other programs during set-up. Their output goes to a log file and is shown only when something fails.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, setupFolder } from "./paths.mjs";

/** Signals from outside; a program that crashes gets others. */
const ENDED = ["SIGHUP", "SIGINT", "SIGKILL", "SIGTERM", "SIGXCPU", "SIGXFSZ"];
/** What compilers and other programs say when they are ended from outside, or when disk or memory is full. */
const LACK =
  /signal terminated program|File size limit exceeded|No space left on device|quota exceeded|out of memory|Cannot allocate memory/i;
const ADVICE = "It was ended from outside, or disk or memory is full. Mend that, and start again.";

/**
 * A step of the set-up failed. `advice` says how to fix it; `log` is the path of the whole output. `passing`: nothing is wrong
 * with the step, so it may succeed the next time.
 */
export class SetupError extends Error {
  constructor(message, advice, log, passing = false) {
    super(message);
    this.advice = advice;
    this.log = log;
    this.passing = passing;
  }
}

/** Runs `work`. A {@link SetupError} ends this process with its message and the given exit status. */
export async function orExit(status, work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error([error.message, error.advice, error.log && `Log: ${error.log}`].filter(Boolean).join("\n"));
    process.exit(status);
  }
}

/**
 * Runs a program to its end; its output is appended to `.setup/logs/<log>.log`.
 * @returns {Promise<string>} the output
 */
export function run(log, command, args, options = {}) {
  const logs = join(setupFolder, "logs");
  mkdirSync(logs, { recursive: true });
  const file = createWriteStream(join(logs, `${log}.log`), { flags: "a" });
  file.write(`\n$ ${command} ${args.join(" ")}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        file.write(text);
      });
    }
    child.on("error", (error) => reject(new SetupError(`${command} could not be started: ${error.message}`)));
    child.on("close", (status, signal) => {
      file.end();
      if (status === 0) return resolve(output);
      const tail = output.trim().split("\n").slice(-12).join("\n");
      const message = `${command} ended with ${signal ?? `status ${status}`}:\n${tail}`;
      const passing = ENDED.includes(signal) || LACK.test(output);
      reject(new SetupError(message, passing ? ADVICE : undefined, file.path, passing));
    });
  });
}

/** The output of a short program; undefined if it is missing or fails. */
export async function probe(command, ...args) {
  try {
    return (await run("probes", command, args)).trim();
  } catch {
    return undefined;
  }
}
