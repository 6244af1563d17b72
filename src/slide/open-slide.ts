/** @module Opens a slide with the right reader. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { HistoError, hasErrorCode, InputError, messageOf } from "../errors/index";
import { imageFormat, type SampleMeaning } from "../image/index";
import { readPages, type TiffPages } from "../image/tiff/index";
import { type ProfileUse, withProfileApplied } from "./colour-profile";
import { cutPicture } from "./cut-picture";
import { OpenSlideReader } from "./openslide/openslide-reader";
import { pictureInfo } from "./picture";
import { TiffReader, type TiffVerdict } from "./tiff/tiff-reader";
import type { SlideInfo, SlideReader } from "./types";

/** The meaning of a slide's values. */
export interface SlideMeaning extends SampleMeaning {
  /** Default: ignore. */
  readonly profile?: ProfileUse | undefined;
}

/** What another process needs to open the same slide. Plain data. */
export interface SlideSource {
  readonly reader: "tiff" | "openslide";
  readonly path: string;
  readonly meaning: SlideMeaning;
}

/** An open slide, and its source for other processes. */
export interface OpenSlide {
  readonly info: SlideInfo;
  readonly reader: SlideReader;
  readonly source: SlideSource;
}

/** Reads the metadata of a slide. @throws {InputError} codes `SLIDE_...` */
export async function slideInfo(path: string): Promise<SlideInfo> {
  const verdict = await judge(path);
  if (verdict.kind === "in-one-piece") return pictureInfo(path, verdict.tiff);
  const reader = verdict.kind === "elsewhere" ? await OpenSlideReader.open(path, verdict.reason) : verdict.reader;
  await reader.close();
  return reader.info;
}

/**
 * Opens a slide.
 * @param scratch returns the folder for a picture's tiles; called only if they are needed
 * @throws {InputError} codes `SLIDE_...`; the reason of `signal` if it is aborted while a picture is cut
 */
export async function openSlide(
  path: string,
  scratch: () => Promise<string>,
  { bitDepth, profile }: SlideMeaning = {},
  signal?: AbortSignal,
): Promise<OpenSlide> {
  const meaning = { bitDepth, profile };
  const verdict = await judge(path, meaning);
  if (verdict.kind === "elsewhere") {
    const reader = meant(await OpenSlideReader.open(path, verdict.reason), meaning);
    return { info: reader.info, reader, source: { reader: "openslide", path, meaning } };
  }
  if (verdict.kind === "readable") {
    const reader = meant(verdict.reader, meaning);
    return { info: reader.info, reader, source: { reader: "tiff", path, meaning } };
  }
  const { tiff } = verdict;
  const info = await pictureInfo(path, tiff);
  // Like all images, whatever is done with the profiles of slides.
  const asImage = { ...meaning, profile: "apply" } as const;
  const cut = await cutPicture(path, await scratch(), tiff, signal);
  const source = { reader: "tiff", path: cut, meaning: asImage } as const;
  const reader = await openSource(source);
  return { info: { ...info, levels: reader.info.levels }, reader, source };
}

/** Opens a slide for viewing. @param folder folder for the tiles of a picture */
export async function openSlideReader(path: string, folder: string, meaning?: SlideMeaning): Promise<SlideReader> {
  return (await openSlide(path, async () => folder, meaning)).reader;
}

/** Opens the slide of {@link openSlide} in another process. */
export async function openSource({ reader, path, meaning }: SlideSource): Promise<SlideReader> {
  if (reader === "openslide") {
    return meant(await OpenSlideReader.open(path, "it was read by OpenSlide before"), meaning);
  }
  const verdict = await judge(path, meaning);
  if (verdict.kind !== "readable") throw new InputError("SLIDE_CHANGED", `${path} has changed while it was read.`);
  return meant(verdict.reader, meaning);
}

/** A reader of the colours that are meant. */
function meant(reader: SlideReader, { profile }: SlideMeaning): SlideReader {
  return profile === "apply" ? withProfileApplied(reader) : reader;
}

async function judge(path: string, meaning: SampleMeaning = {}): Promise<TiffVerdict> {
  const file = await openFile(path);
  let verdict: TiffVerdict | undefined;
  try {
    const { size } = await file.stat();
    const pages = await pagesOf(path, file, size);
    if (!pages) return await judgeOther(path, file);
    verdict = TiffReader.judge(path, file, size, pages, meaning);
    return verdict;
  } catch (error) {
    throw error instanceof HistoError ? error : unreadable(error, path);
  } finally {
    if (verdict?.kind !== "readable") await file.close();
  }
}

/** Of an error of the disk, which concerns this slide only. */
function unreadable(error: unknown, path: string): HistoError {
  const problem = `${path} cannot be read (${messageOf(error)})`;
  return new HistoError("SLIDE_UNREADABLE", `${problem}; check its disk, or copy the file again.`, {
    cause: error,
    toClient: `${problem}.`,
  });
}

async function pagesOf(path: string, file: FileHandle, size: number): Promise<TiffPages | undefined> {
  if (size === 0) throw new InputError("SLIDE_CORRUPT", `${path} is an empty file.`);
  try {
    return await readPages(file, size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError("SLIDE_CORRUPT", `${path} is damaged or cut off: ${error.message}; copy it again.`, {
      cause: error,
    });
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new InputError("SLIDE_NOT_A_FILE", `${path} is not a file.`);
    return await open(path, "r");
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = hasErrorCode(error, "ENOENT") ? "does not exist" : `cannot be opened: ${messageOf(error)}`;
    throw new InputError("SLIDE_MISSING", `${path} ${reason}.`, { cause: error });
  }
}

/** Recognizes pictures by their content. The first file of a multi-file slide can be one too. */
async function judgeOther(path: string, file: FileHandle): Promise<TiffVerdict> {
  const { buffer } = await file.read(Buffer.alloc(16), 0, 16, 0);
  if (imageFormat(buffer) !== undefined && !/\.mrxs$/i.test(path)) return { kind: "in-one-piece" };
  return { kind: "elsewhere", reason: "it is not a TIFF, PNG, JPEG or WebP file" };
}
