/** @module Reads slides in OpenSlide's formats: NDPI, MRXS, SCN, DICOM, Aperio with JPEG 2000, and more. */
import { HistoError, InputError } from "../../errors/index";
import type { RgbImage } from "../../image/index";
import { memoryFor } from "../assemble";
import { profileName } from "../colour-profile";
import { claimedScale } from "../scale";
import type { Rectangle, SlideInfo, SlideReader } from "../types";
import { findOpenSlide, type OpenSlideInstallation } from "./install";
import { ReaderProcess, type SlideDescription } from "./reader-process";

/** Maximum number of crashes per file, and of answers that do not come. */
const MOST_CRASHES = 5;

/** A slide that another process reads; the process is restarted after a crash. */
export class OpenSlideReader implements SlideReader {
  private crashes = 0;
  private restarting: Promise<void> | undefined;
  private closed = false;

  private constructor(
    private readonly installation: OpenSlideInstallation,
    private process: ReaderProcess,
    readonly info: SlideInfo,
    /** OpenSlide's own factors of the levels, by which it divides coordinates. */
    private readonly factors: readonly number[],
    readonly profile: Buffer | undefined,
    private readonly patienceMs: number | undefined,
  ) {}

  /**
   * @param reason why no other reader can read it, for the error if OpenSlide is missing
   * @param patienceMs time for each answer of OpenSlide, see {@link ReaderProcess.start}
   * @throws {InputError} `OPENSLIDE_MISSING`, `SLIDE_UNSUPPORTED`; {HistoError} `SLIDE_READER_CRASHED`
   */
  static async open(path: string, reason: string, patienceMs?: number): Promise<OpenSlideReader> {
    const installation = await findOpenSlide();
    if (!installation) {
      const problem = `${path}: ${reason}, which OpenSlide may read`;
      const message = `${problem}; fetch it once with histo slide --fetch-openslide.`;
      throw new InputError("OPENSLIDE_MISSING", message, { toClient: `${problem}; the server does not have it.` });
    }
    const { process, description } = await ReaderProcess.start(installation, path, patienceMs);
    const profile = description.profile ? Buffer.from(description.profile, "hex") : undefined;
    const factors = description.levels.map(({ downsample }) => downsample);
    const info = infoOf(path, description, profile);
    return new OpenSlideReader(installation, process, info, factors, profile, patienceMs);
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  async readRegions(level: number, regions: readonly Rectangle[], into?: Buffer): Promise<(RgbImage | Error)[]> {
    const images: (RgbImage | Error)[] = [];
    for (const [i, memory] of memoryFor(regions, into).entries()) {
      const image = await this.readRegion(level, regions[i] as Rectangle);
      if (!(image instanceof Error)) memory?.set(image.data);
      images.push(image);
    }
    return images;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.process.close();
  }

  private async readRegion(level: number, { x, y, width, height }: Rectangle): Promise<RgbImage | Error> {
    if (this.process.isGone && !this.closed) {
      // All regions that are read at this time wait for the same process.
      this.restarting ??= this.restart().finally(() => {
        this.restarting = undefined;
      });
      await this.restarting;
    }
    const factor = this.factors[level] as number;
    const corner = { x: Math.round(x * factor), y: Math.round(y * factor) };
    try {
      return { width, height, data: await this.process.region({ level, ...corner, width, height }) };
    } catch (error) {
      if (error instanceof HistoError) return error;
      throw error;
    }
  }

  private async restart(): Promise<void> {
    this.crashes++;
    if (this.crashes > MOST_CRASHES) {
      const message = `${this.info.path} crashes or stops OpenSlide again and again; the file is probably damaged.`;
      throw new HistoError("SLIDE_READER_CRASHED", message);
    }
    this.process = (await ReaderProcess.start(this.installation, this.info.path, this.patienceMs)).process;
    if (this.closed) this.process.close();
  }
}

function infoOf(path: string, { levels, properties }: SlideDescription, profile: Buffer | undefined): SlideInfo {
  const number = (name: string) => Number(properties[name] ?? Number.NaN);
  const objective = number("openslide.objective-power");
  const bounds = {
    x: number("openslide.bounds-x"),
    y: number("openslide.bounds-y"),
    width: number("openslide.bounds-width"),
    height: number("openslide.bounds-height"),
  };
  return {
    path,
    vendor: properties["openslide.vendor"] ?? "unknown",
    reader: "openslide",
    levels: levels.map(({ width, height, downsample }, i) => ({
      width,
      height,
      downsample: snapped(downsample, width, height),
      tileWidth: number(`openslide.level[${i}].tile-width`) || width,
      tileHeight: number(`openslide.level[${i}].tile-height`) || height,
    })),
    ...claimedScale(number("openslide.mpp-x"), number("openslide.mpp-y")),
    ...(objective > 0 && { objective }),
    ...(profile && { profile: profileName(profile) }),
    ...(Object.values(bounds).every(Number.isFinite) && { bounds }),
  };
}

/** Rounds a downsample factor to a whole number if the difference is due to the rounded sides of the level. */
function snapped(downsample: number, width: number, height: number): number {
  const whole = Math.round(downsample);
  return Math.abs(downsample - whole) <= downsample * (1 / width + 1 / height) ? whole : downsample;
}
