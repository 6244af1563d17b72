/** @module Finds the image file of every row of a label table. */
import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { InputError } from "../errors/index";
import { hasImageExtension, IMAGE_EXTENSIONS, ImageNames } from "../files/index";
import { counted } from "../format/index";
import { FileFinder, findImages, safeRelativePath } from "./image-files";
import { listed, quoted } from "./table";
import type { DatasetOptions } from "./types";

/** A table names images that do not exist. */
export class ImagesMissingError extends InputError {
  constructor(
    readonly all: boolean,
    message: string,
  ) {
    super("DATA_IMAGES_MISSING", message);
  }
}

export interface Located {
  /** Relative to `images/` or the data set. */
  readonly name: string;
  readonly path: string;
}

/**
 * Finds the file of every row. The error for missing files names all of them.
 * @param table path of the table, for errors
 * @throws {ImagesMissingError}
 * @throws {InputError} `DATA_NAME_UNSAFE`, `DATA_NAME_AMBIGUOUS`, `DATA_NAME_TWICE`
 */
export async function locateImages(
  folder: ImageFolder,
  table: string,
  images: readonly { readonly name: string; readonly line: number }[],
): Promise<Located[]> {
  const { directory, roots, options } = folder;
  const lines = new Map<string, number>();
  const missing: string[] = [];
  const located: Located[] = [];
  for (const { name, line } of images) {
    const [file, ...others] = await folder.filesOf(name);
    if (file && others.length > 0) {
      const paths = [file, ...others].map(({ path }) => relative(directory, path)).sort();
      const message = `${table}, line ${line}: the image name ${quoted(name)} may mean any of ${listed(paths)}; write it in full, or name the images' folder with --image-folder.`;
      throw new InputError("DATA_NAME_AMBIGUOUS", message);
    }
    const safe = file?.name ?? relativeName(name, options);
    if (safe === undefined) {
      const message = `${table}, line ${line}: the image name ${quoted(name)} leads outside the data set; use names relative to it.`;
      throw new InputError("DATA_NAME_UNSAFE", message);
    }
    if (!file) missing.push(safe);
    const tile = file ?? { name: safe, path: join(roots[0] as string, safe) };
    // By file, not by name: `a` and `a.png`, or `a.png` and `images/a.png`, may be the same.
    const earlier = lines.get(tile.path);
    if (earlier !== undefined) {
      const message = `${table}: lines ${earlier} and ${line} both name ${quoted(tile.name)}; remove one.`;
      throw new InputError("DATA_NAME_TWICE", message);
    }
    lines.set(tile.path, line);
    located.push(tile);
  }
  if (missing.length > 0 && options.requireImages !== false) {
    const where = roots.map((root) => relative(directory, root) || ".").join(" and ");
    const message = `${missing.length} of ${counted(lines.size, "image")} of ${table} are not in ${directory} (looked in ${where}): ${listed(missing, 20)}. Put them there or name their folder with --image-folder.`;
    throw new ImagesMissingError(missing.length === lines.size, message);
  }
  return located;
}

/** A name as a path below the data set. If only the table is read, absolute paths lose their root. */
function relativeName(name: string, { requireImages }: DatasetOptions): string | undefined {
  return safeRelativePath(requireImages === false ? name.replace(/^(?:[a-zA-Z]:)?[\\/]+/, "") : name);
}

function imageRoots(directory: string, options: DatasetOptions): string[] {
  if (options.imageDirectory !== undefined) {
    const root = resolve(directory, options.imageDirectory);
    if (!existsSync(root))
      throw new InputError("DATA_FOLDER_MISSING", `--image-folder ${options.imageDirectory}: ${root} does not exist.`);
    return [root];
  }
  const images = join(directory, "images");
  return existsSync(images) ? [images, directory] : [directory];
}

/** The images of a data set by name. As long as names equal those of the files, lists only the folders in the names. */
export class ImageFolder {
  /** `images/`, if it exists, and the data set; or the given folder. */
  readonly roots: readonly string[];
  private readonly finder = new FileFinder();
  private readonly found = new Map<string, ReturnType<typeof findImages>>();
  private whole: Promise<{ names: ImageNames; paths: ReadonlyMap<string, string> }> | undefined;

  constructor(
    readonly directory: string,
    readonly options: DatasetOptions,
  ) {
    this.roots = imageRoots(directory, options);
  }

  /** The files that a name may mean (see {@link ImageNames}); for exact names, those in `images/` come first. */
  async filesOf(written: string): Promise<Located[]> {
    if (this.options.requireImages === false) return [];
    const name = safeRelativePath(written);
    const plain = name === undefined ? [] : await this.plainFiles(name);
    if (plain.length > 0) return plain;
    this.whole ??= this.list();
    const { names, paths } = await this.whole;
    const found = names.matching(written).map((found) => ({ name: found, path: paths.get(found) as string }));
    // In a directory of class folders, a number is more likely that of a patient than of a file in one of them.
    const isId = this.options.table === undefined && !hasImageExtension(written) && !/[\\/]/.test(written);
    return isId ? found.filter((file) => !file.name.includes("/")) : found;
  }

  /** The file of exactly this name, or with an image extension if the table omits it (as PatchCamelyon's does). */
  private async plainFiles(name: string): Promise<Located[]> {
    for (const root of this.roots) {
      if (await this.finder.isFile(root, name)) return [{ name, path: join(root, name) }];
    }
    for (const root of this.roots) {
      const files: Located[] = [];
      for (const extension of IMAGE_EXTENSIONS) {
        const full = `${name}${extension}`;
        if (await this.finder.isFile(root, full)) files.push({ name: full, path: join(root, full) });
      }
      if (files.length > 0) return files;
    }
    return [];
  }

  /** A note about images in the folder of images that no row of the table names. */
  async notesOnUnnamed(tiles: readonly Located[], table: string): Promise<string[]> {
    const [root = this.directory] = this.roots;
    // Next to a table may be anything; its own folder of images holds images of the set.
    if (this.options.requireImages === false || root === this.directory) return [];
    const named = new Set(tiles.map(({ path }) => path));
    const { images, unsupported } = await this.imagesIn(root);
    const unnamed = [...images, ...unsupported].filter((name) => !named.has(join(root, name)));
    if (unnamed.length === 0) return [];
    return [
      `${counted(unnamed.length, "image")} left out that ${basename(table)} does not name: ${listed(unnamed, 3)}.`,
    ];
  }

  /** Walks through a folder once. */
  private imagesIn(root: string): ReturnType<typeof findImages> {
    const found = this.found.get(root) ?? findImages(root);
    this.found.set(root, found);
    return found;
  }

  private async list() {
    const paths = new Map<string, string>();
    const known = new Set<string>();
    for (const root of this.roots) {
      for (const name of (await this.imagesIn(root)).images) {
        const path = join(root, name);
        if (!known.has(path) && !paths.has(name)) paths.set(name, path);
        known.add(path);
      }
    }
    return { names: new ImageNames(paths.keys()), paths };
  }
}
