/** @module Decides when two names mean the same image, for data sets, groups, votes, predictions and requests. */
import { extname } from "node:path";

/** File name extensions of the supported formats, in lower case; any case is accepted. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  ...[".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"],
  // JPEG too, as Windows names it.
  ...[".jfif", ".jpe"],
];

/** Extensions of unsupported image formats, in lower case. */
const OTHER_EXTENSIONS: readonly string[] = [
  ...[".bmp", ".dib", ".gif", ".jp2", ".j2k", ".jxl", ".avif", ".heic", ".heif", ".ppm", ".pgm", ".pnm", ".tga"],
  ...[".svs", ".ndpi", ".mrxs", ".scn", ".vms", ".bif", ".dcm", ".czi", ".vsi", ".qptiff"],
];

/** True for names such as `a.PNG`. */
export function hasImageExtension(name: string): boolean {
  return IMAGE_EXTENSIONS.includes(extname(name).toLowerCase());
}

export function hasOtherExtension(name: string): boolean {
  return OTHER_EXTENSIONS.includes(extname(name).toLowerCase());
}

/**
 * Finds the image that a written name means. A name means the image of exactly that name. If there is none, it means an
 * image whose name differs only in
 * 1. case, Unicode form, blanks, `\` for `/`, or `.` and empty parts of the path;
 * 2. these and an extension that one of the two lacks;
 * 3. these and another extension (`a.tif` was converted to `a.png`), or leading folders that one of the two lacks.
 * The first of these rules with a match decides. If it gives several images, the name is ambiguous.
 * @example new ImageNames(["images/A.png", "b.png"]).matching("c:\\tiles\\images\\a.png") // ["images/A.png"]
 */
export class ImageNames {
  private readonly exact: ReadonlySet<string>;
  private readonly byPath = new Map<string, Entry[]>();
  private readonly byStem = new Map<string, Entry[]>();
  /** By the stem without its first folder, its first two, and so on. */
  private readonly byEnd = new Map<string, Entry[]>();

  constructor(names: Iterable<string>) {
    this.exact = new Set(names);
    for (const name of this.exact) {
      const path = comparable(name);
      const ending = endingOf(path);
      const stem = withoutEnding(path, ending);
      const entry = { name, ending };
      add(this.byPath, path, entry);
      add(this.byStem, stem, entry);
      for (const end of endsOf(stem)) add(this.byEnd, end, entry);
    }
  }

  /** The names it can mean: none, one, or several if it is ambiguous. */
  matching(written: string): readonly string[] {
    if (this.exact.has(written)) return [written];
    const path = comparable(written);
    const ending = endingOf(path);
    const stem = withoutEnding(path, ending);
    const here = this.byStem.get(stem) ?? [];
    const elsewhere = [...(this.byEnd.get(stem) ?? []), ...endsOf(stem).flatMap((end) => this.byStem.get(end) ?? [])];
    const choices = [
      this.byPath.get(path) ?? [],
      here.filter((entry) => ending === "" || entry.ending === ""),
      [...here, ...elsewhere.filter((entry) => entry.ending === ending)],
      elsewhere,
    ];
    return (choices.find((entries) => entries.length > 0) ?? []).map(({ name }) => name);
  }
}

interface Entry {
  readonly name: string;
  readonly ending: string;
}

/** `b/c` and `c` of `a/b/c`. */
function endsOf(path: string): string[] {
  const ends: string[] = [];
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
    ends.push(path.slice(slash + 1));
  return ends;
}

/** Names that need only lower case to be compared. */
const PLAIN = /^(?:[\w()-][\w().=,+-]*\/)*[\w()-][\w().=,+-]*$/;

/** A name without the differences of the first rule of {@link ImageNames}. */
function comparable(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  return name
    .normalize("NFC")
    .replace(/\p{Cf}/gu, "")
    .replaceAll("\\", "/")
    .split("/")
    .map((part) => part.replace(/\s+/gu, " ").trim())
    .filter((part) => part !== "" && part !== ".")
    .join("/")
    .toLowerCase();
}

function endingOf(path: string): string {
  return hasImageExtension(path) || hasOtherExtension(path) ? extname(path) : "";
}

function withoutEnding(path: string, ending: string): string {
  return ending === "" ? path : path.slice(0, -ending.length).trimEnd();
}

function add(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = map.get(key);
  if (entries) entries.push(entry);
  else map.set(key, [entry]);
}
