/**
 * @module Finds slides: the named files, and all files with a slide's extension in the named folders; of the files of a DICOM
 * series, the first.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { unusedName } from "../collections/index";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { oneOfEachSeries } from "./dicom-series";

/** A slide to predict. */
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
