/** @module What the folders inside those of a data set mean: nothing, the partitions of a class, or the classes of a patient. */
import { countValues, groupBy } from "../collections/index";
import { InputError } from "../errors/index";
import { classKey } from "./classes";
import { type SpelledGroups, spellAlike } from "./groups";
import type { FoundImages } from "./image-files";
import { partitionNamed, partitionsOfFolders } from "./partitions";
import { listed, quoted } from "./table";
import type { DatasetOptions, Partition, Reading } from "./types";

/** A folder whose name is usually that of a class. */
export interface ClassFolder {
  readonly className: string;
  readonly partition: Partition;
  /** Relative to the data set. */
  readonly path: string;
}

export type ClassImages = ClassFolder & FoundImages;

/** An image with what the folders above it say. */
interface PlacedImage {
  /** Relative to the data set. */
  readonly name: string;
  readonly className: string;
  readonly partition: Partition;
  /** The patient or slide, if there is a folder for each. */
  readonly group?: string;
}

/**
 * Places the images of folders: in `HP/train/a.png`, the inner folder is a partition, in `HP/patient7/a.png` a group, and in
 * `patient7/HP/a.png`, it is the class if the positive class is the name of an inner folder.
 * @returns `grouping`: where the folders of the groups are
 * @throws {InputError} `DATA_POSITIVE_AMBIGUOUS` if it is that of an outer one too
 */
export function placeImages(folders: readonly ClassImages[], options: DatasetOptions, reading: Reading) {
  const images = folders.flatMap(({ className, partition, path, images }) =>
    images.map((file) => ({ file, name: `${path}/${file}`, className, partition })),
  );
  if (holdClasses(folders, options.positive)) {
    const above = images.map(({ className }) => (options.groupColumn === undefined ? className : undefined));
    const placed = images.map(({ file, ...image }) => ({ ...image, className: outermost(file) }));
    return { ...grouped(placed, spellAlike(above, reading)), grouping: "folder above the class", notes: [] };
  }
  const hasPartitions = folders.some(({ path }) => path.includes("/")) || options.partitionColumn !== undefined;
  const inner = hasPartitions ? undefined : partitionsOfFolders(images.map(({ file }) => file));
  const note = "Partitions are taken from the folders inside the classes (--partition-column none turns this off).";
  const divided: (PlacedImage & { file: string })[] = inner
    ? images.map((image, i) => ({ ...image, partition: inner[i] as Partition }))
    : images;
  const groups = options.groupColumn === undefined && reading > 1 ? innerGroups(divided, reading) : undefined;
  return {
    ...grouped(divided, groups),
    grouping: "folder inside the class",
    notes: inner ? [note] : notesOnInner(folders),
  };
}

/** Images with their groups, and the spellings of these. */
function grouped(images: readonly PlacedImage[], found: SpelledGroups = { groups: [], spellings: [] }) {
  const placed = images.map((image, i): PlacedImage => {
    const group = found.groups[i];
    return group === undefined ? image : { ...image, group };
  });
  return { images: placed, spellings: found.spellings };
}

/** With fewer folders of a class, one for test and one for validation would leave too little to train on. */
const FEWEST_GROUPS = 5;

/**
 * The groups of images by the folders inside their classes, without those named after partitions: on the first level that has enough
 * names of folders of each class among the training images. A patient with images of both classes, or of several magnifications, has
 * a folder of the same name in each. Where no level has enough names, those of the folders above belong to them.
 */
function innerGroups(
  images: readonly (PlacedImage & { readonly file: string })[],
  reading: Reading,
): SpelledGroups | undefined {
  const paths = images.map(({ file }) =>
    file
      .split("/")
      .slice(0, -1)
      .filter((name) => !partitionNamed(name)),
  );
  const levels = paths.reduce((least, path) => Math.min(least, path.length), Number.POSITIVE_INFINITY);
  const ofClasses = [...groupBy(images.keys(), (i) => images[i]?.className).values()];
  const training = ofClasses.map((own) => own.filter((i) => images[i]?.partition === "train"));
  for (const isWholePath of [false, true]) {
    for (let level = 1; level <= levels; level++) {
      const names = paths.map((path) => path.slice(isWholePath ? 0 : level - 1, level).join("/"));
      const found = spellAlike(names, reading);
      if (training.every((own) => new Set(own.map((i) => found.groups[i])).size >= FEWEST_GROUPS)) return found;
    }
  }
  return undefined;
}

/**
 * True if the positive class is an inner folder, and each outer folder has an inner one with a name that others have too.
 * @throws {InputError} `DATA_POSITIVE_AMBIGUOUS` if an outer folder has its name too
 */
function holdClasses(folders: readonly ClassImages[], positive: string | undefined): boolean {
  if (positive === undefined) return false;
  const isPositive = (name: string) => classKey(name) === classKey(positive);
  const inner = folders.map(innerOf);
  const counts = countValues(inner.flat());
  const hold =
    !counts.has("") &&
    [...counts.keys()].some(isPositive) &&
    inner.every((names) => names.some((name) => (counts.get(name) ?? 0) > 1));
  const outer = folders.find(({ className }) => isPositive(className));
  if (!hold || !outer) return hold;
  // Of two outer folders, the class is the outer one: a run without a given class passes its name to read the set again.
  if (new Set(folders.map(({ className }) => className)).size === 2) return false;
  const message = `--positive ${positive}: it may be the folder ${quoted(outer.path)}, or those of this name inside it and others; rename it if it is not the class.`;
  throw new InputError("DATA_POSITIVE_AMBIGUOUS", message);
}

/** The first folder of a path; empty if it has none. */
function outermost(file: string): string {
  return file.slice(0, Math.max(0, file.indexOf("/")));
}

/** Names of the folders directly inside a class; an empty one for images that are in none. */
function innerOf({ images }: ClassImages): string[] {
  return [...new Set(images.map(outermost))].sort();
}

/** A note about classes that all have the same folders: these may be the classes. */
function notesOnInner(classes: readonly ClassImages[]): string[] {
  const [inner = [], ...others] = classes.map(innerOf);
  const isAlike =
    inner.length > 1 && !inner.includes("") && others.every((other) => other.join("/") === inner.join("/"));
  if (!isAlike || classes.some(({ path }) => path.includes("/"))) return [];
  const above = listed(classes.map(({ path }) => path));
  return [
    `The classes are ${above}, each with the folders ${listed(inner, 5)}: if these are the classes, name the positive one with --positive (where those above are patients), or rename those above them to train, validation or test.`,
  ];
}

/** What else to do about too many classes: their folders may be those of patients, with the same few folders in all. */
export function remedyOfInner(classes: readonly ClassImages[]): string {
  const inner = new Set(classes.flatMap(innerOf));
  if (inner.has("") || inner.size < 2 || inner.size >= classes.length) return "";
  return `, or, if the classes are the folders ${listed([...inner].sort(), 5)} inside these, name one of those`;
}
