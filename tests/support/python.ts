/** @module The project's Python tools, as independent peers in tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "../../src/files/index";

/** The project's Python with scikit-learn and SciPy; undefined where the Python tools are not set up. */
export function pythonPath(): string | undefined {
  const path = join(projectRoot(), ".venv", "bin", "python");
  return existsSync(path) ? path : undefined;
}

/** For `test(name, { skip: withoutPython() }, ...)`: why the test cannot run here, or false. */
export function withoutPython(): string | false {
  return pythonPath() === undefined && "the project's Python tools are not set up (npm run setup)";
}

/** Runs the programs that it reads, a JSON line each, and answers with what they print. */
const SERVER = `
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    job, printed, error = json.loads(line), io.StringIO(), None
    sys.stdin = io.StringIO(job["input"])
    try:
        with contextlib.redirect_stdout(printed):
            exec(job["program"], {})
    except BaseException:
        error = traceback.format_exc()
    print(json.dumps({"printed": printed.getvalue(), "error": error}), flush=True)
`;

interface Server {
  readonly child: ChildProcess;
  readonly answers: AsyncIterator<string>;
  /** Calls that wait for an answer; without any, the server keeps no process from ending. */
  waiting: number;
}

let server: Server | undefined;

function startServer(): Server {
  const python = pythonPath();
  if (!python) throw new Error("The project's Python tools are not set up.");
  const child = spawn(python, ["-W", "ignore", "-c", SERVER], { stdio: ["pipe", "pipe", "inherit"] });
  return { child, answers: createInterface(child.stdout)[Symbol.asyncIterator](), waiting: 0 };
}

/**
 * Runs a Python program on a JSON value and returns the JSON it prints. NaN is read as null. One Python runs all programs of this
 * process, because importing SciPy and scikit-learn takes longer than most of them.
 */
export async function runPython<T>(program: string, input: unknown): Promise<T> {
  server ??= startServer();
  const { child, answers } = server;
  const handles = [child, child.stdin as Socket, child.stdout as Socket];
  if (server.waiting++ === 0) for (const handle of handles) handle.ref();
  try {
    child.stdin?.write(`${JSON.stringify({ program, input: JSON.stringify(input) })}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("Python ended.");
    const { printed, error } = JSON.parse(value) as { printed: string; error: string | null };
    if (error) throw new Error(`Python failed: ${error}`);
    return JSON.parse(printed.replace(/\bNaN\b/g, "null")) as T;
  } finally {
    if (--server.waiting === 0) for (const handle of handles) handle.unref();
  }
}
