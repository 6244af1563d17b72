/** @module The process that reads one slide through OpenSlide and answers requests in order. */
import { type ChildProcess, spawn } from "node:child_process";
import { HistoError, InputError } from "../../errors/index";
import { environmentWithoutSecrets } from "../../machine/index";
import type { OpenSlideInstallation } from "./install";

export interface SlideDescription {
  readonly levels: readonly { readonly width: number; readonly height: number; readonly downsample: number }[];
  readonly properties: Readonly<Record<string, string>>;
  /** Colour profile in hexadecimal digits; empty if there is none. */
  readonly profile: string;
}

/** A region: corner in pixels of level 0, size in pixels of the level. */
interface RegionRequest {
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const REQUEST_BYTES = 28;
/** Time for an answer: a large region from a slow disk takes some seconds. */
const PATIENCE_MS = 120_000;

/** One running process. When it ends or does not answer, open requests fail with `SLIDE_READER_CRASHED`. */
export class ReaderProcess {
  /** Received parts of an incomplete answer. */
  private parts: Buffer[] = [];
  private available = 0;
  private wanted: { bytes: number; resolve(bytes: Buffer): void; reject(error: Error): void } | undefined;
  private ended: Error | undefined;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly child: ChildProcess,
    private readonly path: string,
    private readonly patienceMs: number,
  ) {
    child.stdout?.on("data", (data: Buffer) => {
      if (this.ended) return;
      this.parts.push(data);
      this.available += data.length;
      this.serve();
    });
    child.stdin?.on("error", () => undefined);
    child.on("error", (error) => this.end(`has crashed on it (${error.message})`));
    child.on("close", (code, signal) => this.end(`has crashed on it (${signal ?? `exit status ${code}`})`));
  }

  /**
   * Starts a process for a slide.
   * @param patienceMs time for each answer; a process that takes longer is ended
   * @throws {InputError} `SLIDE_UNSUPPORTED`; {HistoError} `SLIDE_READER_CRASHED`
   */
  static async start(
    { program, library }: OpenSlideInstallation,
    path: string,
    patienceMs = PATIENCE_MS,
  ): Promise<{ process: ReaderProcess; description: SlideDescription }> {
    const env = environmentWithoutSecrets();
    const child = spawn(program, [library, path], { stdio: ["pipe", "pipe", "ignore"], env });
    const process = new ReaderProcess(child, path, patienceMs);
    try {
      const length = (await process.read(4)).readUInt32LE();
      const description = JSON.parse((await process.read(length)).toString("utf8"));
      if ("error" in description) {
        throw new InputError("SLIDE_UNSUPPORTED", `${path} cannot be read by OpenSlide: ${description.error}.`);
      }
      return { process, description };
    } catch (error) {
      process.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get isGone(): boolean {
    return this.ended !== undefined;
  }

  /** Reads a region: uint8, RGB. @throws {HistoError} `SLIDE_REGION_DAMAGED`, `SLIDE_READER_CRASHED` */
  region(request: RegionRequest): Promise<Buffer> {
    const answer = this.last.then(() => this.ask(request));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  close(): void {
    this.child.kill("SIGKILL");
  }

  private async ask({ level, x, y, width, height }: RegionRequest): Promise<Buffer> {
    const request = Buffer.alloc(REQUEST_BYTES);
    request.writeInt32LE(level, 0);
    request.writeBigInt64LE(BigInt(x), 4);
    request.writeBigInt64LE(BigInt(y), 12);
    request.writeInt32LE(width, 20);
    request.writeInt32LE(height, 24);
    this.child.stdin?.write(request);
    const problem = (await this.read(4)).readUInt32LE();
    if (problem === 0) return this.read(width * height * 3);
    const reason = (await this.read(problem)).toString("utf8");
    throw new HistoError("SLIDE_REGION_DAMAGED", `a part of the slide is damaged (${reason})`);
  }

  private read(bytes: number): Promise<Buffer> {
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Buffer>((resolve, reject) => {
      timer = setTimeout(() => {
        this.end(`has not answered for ${this.patienceMs / 1000} seconds`);
        this.close();
      }, this.patienceMs);
      this.wanted = { bytes, resolve, reject };
      this.serve();
    });
    return answer.finally(() => clearTimeout(timer));
  }

  private serve(): void {
    const { wanted } = this;
    if (!wanted) return;
    if (this.available >= wanted.bytes) {
      const all = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
      this.parts = all.length > wanted.bytes ? [all.subarray(wanted.bytes)] : [];
      this.available -= wanted.bytes;
      this.wanted = undefined;
      wanted.resolve(all.subarray(0, wanted.bytes));
    } else if (this.ended) {
      this.wanted = undefined;
      wanted.reject(this.ended);
    }
  }

  private end(how: string): void {
    this.ended ??= new HistoError("SLIDE_READER_CRASHED", `${this.path}: OpenSlide ${how}`);
    // A part of an answer, which must not be taken for the next one.
    this.parts = [];
    this.available = 0;
    this.serve();
  }
}
