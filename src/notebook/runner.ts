/**
 * @module Runs a notebook without Jupyter or Python. The cells execute in another process (jupyter/headless.cjs), so a
 * crash or `process.exit` fails only its cell.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../files/index";
import { counted } from "../format/index";
import { type Progress, silentProgress } from "../progress/index";
import { type Cell, type CellFailure, hasTag, type Notebook, type Output, textOf } from "./document";
import { injectParameters } from "./parameters";

/** A display message of the Jupyter protocol. */
interface DisplayContent {
  readonly data: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
  readonly transient?: { readonly display_id?: string };
}

type DisplayOutput = Extract<Output, { output_type: "display_data" }>;

/** Collects outputs by cell; updates also change displays of earlier cells. */
class OutputCollector {
  private readonly displays = new Map<string, DisplayOutput[]>();
  private current: Output[] = [];

  /** Adds the following outputs to the list of another cell. */
  startCell(outputs: Output[]): void {
    this.current = outputs;
  }

  stream(name: "stdout" | "stderr", text: string): void {
    const last = this.current.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text = overwrite(`${last.text}${text}`);
    else this.current.push({ output_type: "stream", name, text: overwrite(text) });
  }

  display({ data, metadata = {}, transient }: DisplayContent, update: boolean): void {
    const id = transient?.display_id;
    const shown = id === undefined ? [] : (this.displays.get(id) ?? []);
    if (update) {
      for (const output of shown) Object.assign(output, { data, metadata });
      return;
    }
    const output: DisplayOutput = { output_type: "display_data", data, metadata };
    this.current.push(output);
    if (id !== undefined) this.displays.set(id, [...shown, output]);
  }

  error(failure: CellFailure): void {
    this.current.push({ output_type: "error", ...failure });
  }
}

/** Applies carriage returns like a terminal: each one restarts its line. */
function overwrite(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n/g, "\n").replace(/^.*\r(?!$)/gm, "") : text;
}

interface RunNotebookOptions {
  /** Values for the notebook's parameters. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Stops the running cell; its outputs are kept. */
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly label?: string;
  /** Called after each cell to save the notebook. */
  readonly onCell?: (notebook: Notebook) => Promise<void>;
}

export interface NotebookRun {
  /** The notebook with the outputs of this run; cells after a failure have none. */
  readonly notebook: Notebook;
  readonly executed: number;
  readonly total: number;
  readonly seconds: number;
  /** The failure that ended the run, with the execution count of its cell. */
  readonly failure?: CellFailure & { readonly cell: number };
  readonly interrupted: boolean;
}

type Request = { type: "execute"; code: string } | { type: "settle" };
type Reply =
  | { type: "ready"; languageInfo: Record<string, unknown> }
  | { type: "stream"; name: "stdout" | "stderr"; text: string }
  | { type: "display"; content: DisplayContent; update: boolean }
  | { type: "executed" | "settled"; failure?: CellFailure };

/** Executes the code cells in order until one fails. Does not change the given notebook. */
export async function runNotebook(notebook: Notebook, options: RunNotebookOptions = {}): Promise<NotebookRun> {
  const { parameters = {}, signal, progress = silentProgress, label = "notebook", onCell } = options;
  const started = Date.now();
  const cells = injectParameters(structuredClone(notebook.cells), parameters);
  const todo = cells.filter((cell) => cell.cell_type === "code" && textOf(cell.source).trim() !== "");
  for (const cell of cells) {
    if (cell.cell_type === "code") Object.assign(cell, { execution_count: null, outputs: [] });
  }
  const collector = new OutputCollector();
  const kernel = new CellProcess(collector, signal);
  const task = progress.start(label, todo.length, "cells");
  const result: Notebook = { ...notebook, metadata: { ...notebook.metadata }, cells };
  let executed = 0;
  let failure: NotebookRun["failure"];
  try {
    for (const cell of todo) {
      if (signal?.aborted) break;
      cell.execution_count = ++executed;
      cell.outputs = [];
      collector.startCell(cell.outputs);
      task.update(executed - 1, firstLine(cell));
      let problem = await kernel.execute(textOf(cell.source));
      if (executed === todo.length && !problem && !signal?.aborted) problem = await kernel.settle();
      if (problem) collector.error(problem);
      if (problem && (kernel.ended || signal?.aborted || !hasTag(cell, "raises-exception"))) {
        failure = { ...problem, cell: executed };
      }
      if (kernel.languageInfo) result.metadata.language_info = kernel.languageInfo;
      await onCell?.(result);
      if (failure) break;
    }
  } finally {
    await kernel.close();
  }
  const interrupted = signal?.aborted === true;
  task.finish(`${executed} of ${counted(todo.length, "cell")}${failure ? `, stopped at cell [${failure.cell}]` : ""}`);
  return {
    notebook: result,
    executed,
    total: todo.length,
    seconds: (Date.now() - started) / 1000,
    ...(failure && { failure }),
    interrupted,
  };
}

function firstLine(cell: Cell): string {
  const line = textOf(cell.source).trim().split("\n")[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

/** Time for a stopped cell to end before its process is killed. */
const STOP_GRACE_MS = 5000;
/** Time for the process to end after the last cell. */
const EXIT_GRACE_MS = 2000;
/** Time to read the standard error of an ended process. (Its child processes can keep it open forever.) */
const STDERR_MS = 50;

/** The process that executes cells, one request at a time. */
class CellProcess {
  languageInfo: Record<string, unknown> | undefined;
  ended: CellFailure | undefined;
  private readonly child: ChildProcess;
  private readonly onAbort: () => void;
  private answer: ((failure: CellFailure | undefined) => void) | undefined;
  private nativeErrors = "";

  constructor(
    private readonly collector: OutputCollector,
    private readonly signal: AbortSignal | undefined,
  ) {
    const root = projectRoot();
    this.child = fork(join(root, "jupyter", "headless.cjs"), [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
      serialization: "advanced",
    });
    // Native libraries and a crashing Node write here; the output of cells comes as messages.
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.nativeErrors = `${this.nativeErrors}${text}`.slice(-4000);
    });
    this.child.on("message", (message) => this.receive(message as Reply));
    this.child.on("error", (error) => this.end(`The notebook's process did not start: ${error.message}`));
    // Messages can still arrive after the process has ended, but not after "disconnect".
    const disconnected = new Promise((resolve) => this.child.once("disconnect", resolve));
    this.child.on("exit", async (status, killedBy) => {
      await disconnected;
      await sleep(STDERR_MS);
      this.end(`The cell ended the process (${describeExit(status, killedBy)}).`);
    });
    this.onAbort = () => {
      this.child.kill("SIGINT");
      setTimeout(() => this.child.kill("SIGKILL"), STOP_GRACE_MS).unref();
    };
    signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  execute(code: string): Promise<CellFailure | undefined> {
    return this.ask({ type: "execute", code });
  }

  /** Waits briefly for failures of background work of the last cell, and ends the process. */
  settle(): Promise<CellFailure | undefined> {
    return this.ask({ type: "settle" });
  }

  private ask(request: Request): Promise<CellFailure | undefined> {
    if (this.ended) return Promise.resolve(this.ended);
    return new Promise((resolve) => {
      this.answer = resolve;
      // A process that has just ended is noticed by its exit, which says how, not by a failed message.
      if (this.child.connected) this.child.send(request, () => undefined);
    });
  }

  private receive(message: Reply): void {
    if (message.type === "ready") this.languageInfo = message.languageInfo;
    else if (message.type === "stream") this.collector.stream(message.name, message.text);
    else if (message.type === "display") this.collector.display(message.content, message.update);
    else this.settleAnswer(message.failure);
  }

  private end(reason: string): void {
    if (this.ended) return;
    const evalue = this.signal?.aborted ? "The cell was stopped." : reason;
    const ename = this.signal?.aborted ? "Interrupted" : "DeadKernelError";
    const stderr = this.nativeErrors.trimEnd().split("\n").filter(Boolean);
    this.ended = { ename, evalue, traceback: [`${ename}: ${evalue}`, ...stderr] };
    this.settleAnswer(this.ended);
  }

  private settleAnswer(failure: CellFailure | undefined): void {
    this.answer?.(failure);
    this.answer = undefined;
  }

  async close(): Promise<void> {
    this.signal?.removeEventListener("abort", this.onAbort);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), EXIT_GRACE_MS);
    await exited;
    clearTimeout(timer);
  }
}

function describeExit(status: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `signal ${signal}` : `exit status ${status}`;
}
