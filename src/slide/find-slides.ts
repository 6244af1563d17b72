/**
 * @module Finds slides: the named files, and all files with a slide's extension in the named folders. DICOM stores the levels, the label
 * and the glass of one slide as files ("instances") of one series. A reader opens the whole series from any of them, so that a folder
 * of instances is listed once for each series.
 * @see https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html (file) and part05 (values)
 */
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unusedName } from "../collections/index";
import { hasErrorCode, InputError, messageOf } from "../errors/index";

export interface ListedSlide {
  readonly path: string;
  /** Unique name for its results. */
  readonly name: string;
}

const SLIDE_NAME = /\.(svs|tiff?|btf|ndpi|mrxs|scn|bif|vms|vmu|svslide|dcm|png|jpe?g|webp)$/i;
/** Files that belong to slides or tables: they are expected next to slides. */
const ASIDE_NAME = /\.(csv|tsv|json|geojson|txt|md|xml|html?|dat|ini|opt|zip|pdf)$/i;

/**
 * Lists slides in a stable order.
 * @returns the slides, whether a folder or several files were named, and the paths of files in folders that are not slides
 * @throws {InputError} `SLIDE_MISSING`, `SLIDES_NONE`
 */
export async function findSlides(
  paths: readonly string[],
): Promise<{ slides: ListedSlide[]; many: boolean; left: string[] }> {
  let many = paths.length > 1;
  const found: string[] = [];
  const left: string[] = [];
  for (const path of paths) {
    const info = await stat(path).catch((error: unknown) => {
      const reason = hasErrorCode(error, "ENOENT") ? "does not exist" : `cannot be opened: ${messageOf(error)}`;
      throw new InputError("SLIDE_MISSING", `${path} ${reason}.`, { cause: error });
    });
    if (!info.isDirectory()) found.push(path);
    else {
      many = true;
      const entries = await readdir(path, { withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
      const names = files.filter((name) => SLIDE_NAME.test(name) && !name.startsWith("."));
      if (names.length === 0) throw new InputError("SLIDES_NONE", `${path} is a folder without slides.`);
      found.push(...names.sort().map((name) => join(path, name)));
      const others = entries.filter((entry) => entry.isFile() && !names.includes(entry.name)).map(({ name }) => name);
      left.push(
        ...others.filter((name) => !/^\./.test(name) && !ASIDE_NAME.test(name)).map((name) => join(path, name)),
      );
    }
  }
  const names = new Set<string>();
  const series = await oneOfEachSeries(found, (path) => path);
  const slides = series.map((path) => ({ path, name: unusedName(basename(path), names) }));
  return { slides, many, left: left.sort() };
}

const DICOM_NAME = /\.dcm$/i;
/** The series comes before all large values. */
const HEAD_BYTES = 256 * 1024;
const MARK_AT = 128;
const MARK = "DICM";
/** Group and element of tags. */
const SYNTAX = 0x0002_0010;
const SERIES = 0x0020_000e;
const ITEM = 0xfffe_e000;
const END_OF_ITEM = 0xfffe_e00d;
const END_OF_SEQUENCE = 0xfffe_e0dd;
/** The length of values that end with a mark. */
const UNKNOWN_LENGTH = 0xffff_ffff;
/** Kinds of values whose length has four bytes. */
const LONG_KINDS = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"];
/** Transfer syntaxes that are read differently: without kinds of values; big-endian or deflated (not read). */
const IMPLICIT = "1.2.840.10008.1.2";
const UNREAD = ["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"];

/** Keeps the first of the files of each DICOM series in a folder, and all other files. */
export async function oneOfEachSeries<T>(
  items: readonly T[],
  pathOf: (item: T) => string | Promise<string>,
): Promise<T[]> {
  const seen = new Set<string>();
  const kept: T[] = [];
  for (const item of items) {
    const path = await pathOf(item);
    const series = DICOM_NAME.test(path) ? await seriesOf(path) : undefined;
    const key = `${dirname(path)}\n${series}`;
    if (series !== undefined && seen.has(key)) continue;
    seen.add(key);
    kept.push(item);
  }
  return kept;
}

/** The series of a DICOM file; undefined if it cannot be found. */
async function seriesOf(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return seriesIn(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    // It is reported when it is read.
    return undefined;
  }
}

/** @throws {RangeError} if the bytes end before the series */
function seriesIn(bytes: Buffer): string | undefined {
  if (bytes.toString("latin1", MARK_AT, MARK_AT + MARK.length) !== MARK) return undefined;
  const textOf = ({ start, length }: Element) => bytes.toString("latin1", start, start + length).replace(/[\0 ]+$/, "");
  let syntax = "";
  for (let at = MARK_AT + MARK.length; ; ) {
    const inHead = bytes.readUInt16LE(at) === 2;
    if (!inHead && UNREAD.includes(syntax)) return undefined;
    const explicit = inHead || syntax !== IMPLICIT;
    const element = elementAt(bytes, at, explicit);
    if (element.tag === SYNTAX) syntax = textOf(element);
    if (element.tag === SERIES) return textOf(element);
    if (element.tag > SERIES) return undefined;
    at = endOf(bytes, element, explicit);
  }
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly length: number;
  /** Whether the elements in it have kinds of values; undefined if as it does. */
  readonly implicit?: boolean;
}

function elementAt(bytes: Buffer, at: number, explicit: boolean): Element {
  const tag = bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2);
  // Items and marks have no kind.
  if (!explicit || tag >= ITEM) return { tag, start: at + 8, length: bytes.readUInt32LE(at + 4) };
  const kind = bytes.toString("latin1", at + 4, at + 6);
  if (!LONG_KINDS.includes(kind)) return { tag, start: at + 8, length: bytes.readUInt16LE(at + 6) };
  return { tag, start: at + 12, length: bytes.readUInt32LE(at + 8), implicit: kind === "UN" };
}

function endOf(bytes: Buffer, { tag, start, length, implicit }: Element, explicit: boolean): number {
  if (length !== UNKNOWN_LENGTH) return start + length;
  const last = tag === ITEM ? END_OF_ITEM : END_OF_SEQUENCE;
  const inside = explicit && !implicit;
  for (let at = start; ; ) {
    const element = elementAt(bytes, at, inside);
    if (element.tag === last) return element.start;
    at = endOf(bytes, element, inside);
  }
}
