/** @module Starts a program of this room in a process of its own, and passes its errors on. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HistoError, InputError, messageOf } from "../errors/index";
import { projectRoot } from "../files/index";
import { environmentWithoutSecrets } from "../machine/index";

/** An error of a program. Plain data. */
export interface ProgramFailure extends Pick<HistoError, "code" | "message" | "toClient" | "exitStatus"> {
  readonly type: "failed";
}

/**
 * Starts a program.
 * @param name its file without extension
 * @param flags for Node, in place of those of this process: `--eval` and its code would start this process once more
 * @throws {InputError} `NOT_BUILT`
 */
export function startProgram(name: string, flags: readonly string[] = []): ChildProcess {
  const file = join(projectRoot(), "dist", "src", "slide", `${name}.js`);
  if (!existsSync(file)) throw new InputError("NOT_BUILT", `${file} is missing: run \`npm run build\` once.`);
  const env = environmentWithoutSecrets();
  return fork(file, [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    env,
    execArgv: [...flags],
  });
}

function failureOf(error: unknown): ProgramFailure {
  const { code, message, toClient, exitStatus } =
    error instanceof HistoError ? error : new HistoError("SLIDE_FAILED", messageOf(error));
  return { type: "failed", code, message, toClient, exitStatus };
}

export function errorOf({ code, message, toClient, exitStatus }: ProgramFailure): HistoError {
  return new (exitStatus === 2 ? InputError : HistoError)(code, message, { toClient });
}

/**
 * Answers the messages of the process that started this one: by what `work` returns, or by the failure of what it throws. Ends
 * when that process ends, and not by Ctrl-C, which reaches every process of a terminal.
 */
export function answerMessages<Message>(work: (message: Message) => Promise<object | undefined>): void {
  process.on("message", async (message: Message) => {
    const answer = await work(message).catch(failureOf);
    if (answer && process.connected) process.send?.(answer, undefined, undefined, () => undefined);
  });
  // An exit would wait for the threads, which may decode for minutes.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.on("SIGINT", () => undefined);
}
