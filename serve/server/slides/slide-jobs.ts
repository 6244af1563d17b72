/** @module The server's slide jobs: a short queue; one slide at a time, each in its own process and folder. */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { hasErrorCode, messageOf } from "../../../src/errors/index";
import { makeScratchFolder, projectRoot, type ScratchFolder } from "../../../src/files/index";
import { environmentWithoutSecrets } from "../../../src/machine/index";
import { readCard } from "../../../src/model-directory/index";
import { oneOfEachSeries } from "../../../src/slide/index";
import { type ImageSource, Problem, type SlideHost, type SlideOrder, type SlideState } from "../../core/index";
import { failure, failureOf } from "./failures";
import type { FromSlideProcess, ToSlideProcess } from "./slide-process";
import { SlideView } from "./slide-view";

export interface SlideJobsOptions {
  /** Maximum number of waiting slides. Default 8. */
  readonly queue?: number | undefined;
  /** Maximum file size in bytes. Default 64 GiB. */
  readonly bytes?: number | undefined;
  /** Bits that the values of 16-bit slides use; overrides the models' cards. */
  readonly bitDepth?: number | undefined;
  /** Number of slides that stay open for viewers: each has a process with decoded tiles. Default 4; as many more while in use. */
  readonly views?: number | undefined;
}

const MOST_SECONDS = 7200;
/** Number of finished slides whose results are kept. */
const KEPT = 16;
/** Default number of slides that stay open for viewers. */
const VIEWS = 4;

interface Job {
  state: SlideState;
  readonly order: SlideOrder;
  readonly path: string;
  child?: ChildProcess;
  view?: Promise<SlideView>;
  /** Closes the view, also while it is opened. */
  closing?: AbortController;
  viewers: number;
}

const TYPES: Readonly<Record<string, string>> = {
  "slide.json": "application/json; charset=utf-8",
  "tiles.csv": "text/csv; charset=utf-8",
  "tiles.geojson": "application/geo+json",
  "heatmap.png": "image/png",
};

export class SlideJobs implements SlideHost {
  private readonly jobs = new Map<string, Job>();
  /** The jobs with views, that used last at the end. */
  private readonly viewed = new Set<Job>();
  private folder: Promise<ScratchFolder> | undefined;
  private running: Job | undefined;

  /** @param models directories of the served models by name */
  constructor(
    private readonly images: ImageSource & Required<Pick<ImageSource, "locate" | "slides">>,
    private readonly models: ReadonlyMap<string, string>,
    private readonly options: SlideJobsOptions = {},
  ) {}

  async names(): Promise<readonly string[]> {
    const names = await this.images.slides();
    return oneOfEachSeries(names, (name) => this.images.locate(name).catch(() => name));
  }

  async start(order: SlideOrder): Promise<SlideState> {
    const path = await this.images.locate(order.slide);
    if ((await stat(path)).size > (this.options.bytes ?? 2 ** 36)) throw new Problem("IMAGE_TOO_LARGE");
    const waiting = [...this.jobs.values()].filter(({ state }) => state.status === "queued");
    if (waiting.length >= (this.options.queue ?? 8)) throw new Problem("QUEUE_FULL");
    const { slide, model } = order;
    const state: SlideState = { id: randomUUID(), slide, model, status: "queued", done: 0, total: 0 };
    this.jobs.set(state.id, { state, order, path, viewers: 0 });
    void this.next();
    return this.state(state.id) as SlideState;
  }

  states(): readonly SlideState[] {
    return [...this.jobs.values()].map(({ state }) => state);
  }

  state(id: string): SlideState | undefined {
    return this.jobs.get(id)?.state;
  }

  cancel(id: string): void {
    const job = this.jobs.get(id);
    if (!job || !["queued", "running"].includes(job.state.status)) return;
    this.finish(job, { status: "cancelled" });
  }

  async file(id: string, name: string): Promise<{ type: string; bytes: Uint8Array } | undefined> {
    const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
    if (type === undefined || this.state(id)?.status !== "done") return undefined;
    return { type, bytes: await readFile(join(await this.folderOf(id), name)) };
  }

  async map(id: string): Promise<object | undefined> {
    return this.withView(id, (view) => view.map());
  }

  async tile(id: string, shrink: number, column: number, row: number): Promise<Uint8Array | undefined> {
    return this.withView(id, (view) => view.tile(shrink, column, row));
  }

  async close(): Promise<void> {
    // The last first: the end of the running one would start the next.
    for (const id of [...this.jobs.keys()].reverse()) this.cancel(id);
    for (const job of this.viewed) await this.closeView(job);
    this.jobs.clear();
    await (await this.folder?.catch(() => undefined))?.remove();
  }

  private async folderOf(id: string): Promise<string> {
    this.folder ??= makeScratchFolder("histo-slides-");
    try {
      return join((await this.folder).path, id);
    } catch (error) {
      this.folder = undefined;
      throw error;
    }
  }

  /** Uses the view of a predicted slide; undefined until the job is done. */
  private async withView<T>(id: string, use: (view: SlideView) => Promise<T>): Promise<T | undefined> {
    const job = this.jobs.get(id);
    if (job?.state.status !== "done") return undefined;
    const { views = VIEWS } = this.options;
    const inUse = [...this.viewed].filter((one) => one !== job && one.viewers > 0);
    if (inUse.length >= 2 * views)
      throw new Problem("QUEUE_FULL", "Too many slides are viewed at once; retry after the given seconds.");
    this.viewed.delete(job);
    this.viewed.add(job);
    job.viewers++;
    try {
      return await use(await this.viewOf(job));
    } finally {
      job.viewers--;
      const idle = [...this.viewed].filter(({ viewers }) => viewers === 0);
      for (const one of idle.slice(0, Math.max(0, this.viewed.size - views))) void this.closeView(one);
    }
  }

  private async closeView(job: Job): Promise<void> {
    const { view, closing } = job;
    delete job.view;
    this.viewed.delete(job);
    closing?.abort();
    await view?.catch(() => undefined);
  }

  /** The job's view, which is opened again after it could not be opened or was lost. */
  private viewOf(job: Job): Promise<SlideView> {
    if (job.view) return job.view;
    const drop = () => {
      if (job.view === view) delete job.view;
    };
    job.closing = new AbortController();
    const view = this.openView(job, drop, job.closing.signal);
    view.catch(drop);
    job.view = view;
    return view;
  }

  private async openView(job: Job, onLost: () => void, signal: AbortSignal): Promise<SlideView> {
    const { preprocessing } = await readCard(this.models.get(job.order.model) as string);
    const meaning = { bitDepth: this.options.bitDepth ?? preprocessing.bitDepth, profile: job.order.profile };
    try {
      return await SlideView.open(job.path, await this.folderOf(job.state.id), meaning, { onLost, signal });
    } catch (error) {
      if (!hasErrorCode(error, "SLIDE_MISSING")) throw error;
      throw new Problem("IMAGE_NOT_FOUND", "The slide is no longer in the image source.");
    }
  }

  /** Starts the job that has waited longest, if none is running. */
  private async next(): Promise<void> {
    const job = [...this.jobs.values()].find(({ state }) => state.status === "queued");
    if (this.running || !job) return;
    this.running = job;
    job.state = { ...job.state, status: "running" };
    const model = this.models.get(job.order.model);
    const out = await this.folderOf(job.state.id).catch(() => undefined);
    // The job can be cancelled while the folder is made.
    if (job.state.status !== "running") return;
    if (model === undefined) return this.finish(job, failure("MODEL_NOT_FOUND", "The model is no longer served."));
    if (out === undefined) return this.finish(job, failure("SLIDE_FAILED", "The server has no place for its results."));
    try {
      this.predict(job, model, out);
    } catch (error) {
      this.finish(job, failure("SLIDE_FAILED", messageOf(error)));
    }
  }

  /** Starts the job's process. @throws if the system cannot start one; in some cases the process emits an error instead */
  private predict(job: Job, model: string, out: string): void {
    const child = fork(join(projectRoot(), "dist", "serve", "server", "slides", "slide-process.js"), [], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: environmentWithoutSecrets(),
    });
    job.child = child;
    const { slide: _, model: __, ...choices } = job.order;
    const { bitDepth } = this.options;
    // One worker leaves the cores to requests.
    const order: ToSlideProcess = { path: job.path, options: { model, out, workers: 1, bitDepth, ...choices } };
    child.on("message", (message: FromSlideProcess) => this.receive(job, message, out));
    child.on("error", (error) => this.finish(job, failure("SLIDE_FAILED", error.message)));
    child.on("exit", (code, by) => this.finish(job, failure("SLIDE_FAILED", `its process ended (${by ?? code})`)));
    if (child.connected) child.send(order, () => undefined);
    const timer = setTimeout(
      () => this.finish(job, failure("DEADLINE_EXCEEDED", `it took more than ${MOST_SECONDS} s`)),
      1000 * MOST_SECONDS,
    );
    timer.unref();
    child.on("exit", () => clearTimeout(timer));
  }

  private receive(job: Job, message: FromSlideProcess, folder: string): void {
    if (job.state.status !== "running") return;
    if (message.type === "progress") {
      job.state = { ...job.state, done: message.done, total: message.total };
    } else if (message.type === "done") this.finish(job, { status: "done", summary: message.summary });
    else this.finish(job, failureOf(message.code, message.message, this.namesFor(job, folder)));
  }

  /** What clients know instead of paths. */
  private namesFor({ path, order: { model } }: Job, folder: string): [path: string, name: string][] {
    return [
      [folder, "the server's folder"],
      [path, basename(path)],
      [this.models.get(model) ?? model, model],
    ];
  }

  /** Ends a job, once, and starts the next. */
  private finish(job: Job, end: Pick<SlideState, "status" | "problem" | "summary">): void {
    if (job.state.status !== "running" && job.state.status !== "queued") return;
    job.state = { ...job.state, ...end };
    job.child?.kill("SIGKILL");
    if (end.status !== "done") void this.forget(job, false);
    if (this.running === job) this.running = undefined;
    void this.dropOld();
    void this.next();
  }

  private async dropOld(): Promise<void> {
    const jobs = [...this.jobs.values()];
    // Those without results take no place of results.
    for (const ends of [["done"], ["failed", "cancelled"]]) {
      const ended = jobs.filter(({ state }) => ends.includes(state.status));
      for (const job of ended.slice(0, Math.max(0, ended.length - KEPT))) await this.forget(job, true);
    }
  }

  private async forget(job: Job, entirely: boolean): Promise<void> {
    if (entirely) this.jobs.delete(job.state.id);
    await this.closeView(job);
    const folder = await this.folderOf(job.state.id).catch(() => undefined);
    // Its process may still be writing.
    if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  }
}
