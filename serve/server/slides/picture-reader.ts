/** @module Reads the picture of a slide in a process of its own, without the server's keys. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { HistoError } from "../../../src/errors/index";
import { projectRoot } from "../../../src/files/index";
import { environmentWithoutSecrets } from "../../../src/machine/index";
import type { SlideMeaning } from "../../../src/slide/index";
import { Problem } from "../../core/index";
import type { FromViewProcess, ToViewProcess, ViewQuestion } from "./view-process";

/** How long the process may answer nothing although it was asked. */
interface Patience {
  /** A slide that is one large picture is cut into tiles first. */
  readonly openingMs: number;
  /** Longer than the process itself waits for OpenSlide. */
  readonly answerMs: number;
}

const PATIENCE: Patience = { openingMs: 1_800_000, answerMs: 300_000 };
/** Tiles that may wait; further ones get `QUEUE_FULL`. */
const MOST_WAITING = 256;

/** The process of one slide. After it has ended, all calls fail. */
export class PictureReader {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (answer: FromViewProcess | Problem) => void>();
  private serial = 0;
  private ended: Problem | undefined;
  private isOpen = false;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;

  /** @param onLost called if the process ends by itself */
  constructor(
    private readonly onLost: () => void = () => undefined,
    private readonly patience = PATIENCE,
  ) {
    this.child = fork(join(projectRoot(), "dist", "serve", "server", "slides", "view-process.js"), [], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
      env: { ...environmentWithoutSecrets(), MALLOC_ARENA_MAX: "2" },
    });
    this.child.on("message", (answer: FromViewProcess) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
      this.watch();
    });
    this.child.on("error", (error) => this.end(error.message));
    this.child.on("exit", (code, signal) => this.end(`it ended (${signal ?? code})`));
  }

  /** Opens the slide, once. @returns the number of levels of its picture */
  async open(path: string, folder: string, meaning: SlideMeaning): Promise<number> {
    const levels = (await this.ask({ type: "open", path, folder, meaning })) as number;
    this.isOpen = true;
    return levels;
  }

  /** A tile of the picture; undefined outside. @throws {Problem} `IMAGE_SOURCE_UNAVAILABLE`, `QUEUE_FULL` */
  async tile(shrink: number, column: number, row: number): Promise<Uint8Array | undefined> {
    if (this.waiting.size >= MOST_WAITING) throw new Problem("QUEUE_FULL");
    return (await this.ask({ type: "tile", shrink, column, row })) as Uint8Array | undefined;
  }

  close(): void {
    this.isClosed = true;
    this.child.kill("SIGKILL");
  }

  private async ask(question: ViewQuestion): Promise<unknown> {
    if (this.ended) throw this.ended;
    const id = this.serial++;
    const answer = await new Promise<FromViewProcess | Problem>((resolve) => {
      this.waiting.set(id, resolve);
      if (this.waiting.size === 1) this.watch();
      this.child.send({ ...question, id } satisfies ToViewProcess, () => undefined);
    });
    if (answer instanceof Problem) throw answer;
    if (answer.type === "done") return answer.value;
    throw new HistoError(answer.code, answer.message);
  }

  /** Counts the time anew. Questions that wait for others do not use it up. */
  private watch(): void {
    clearTimeout(this.timer);
    if (this.waiting.size === 0) return;
    const ms = this.isOpen ? this.patience.answerMs : this.patience.openingMs;
    this.timer = setTimeout(() => {
      this.end(`it answered nothing for ${ms / 1000} s`);
      this.child.kill("SIGKILL");
    }, ms);
  }

  private end(reason: string): void {
    if (this.ended) return;
    const cause = new Error(`The process that reads a slide for its viewers was lost: ${reason}.`);
    const message = "The process that reads the slide was lost; ask again.";
    this.ended = new Problem("IMAGE_SOURCE_UNAVAILABLE", message, {}, { cause });
    clearTimeout(this.timer);
    for (const settle of this.waiting.values()) settle(this.ended);
    this.waiting.clear();
    if (!this.isClosed) this.onLost();
  }
}
