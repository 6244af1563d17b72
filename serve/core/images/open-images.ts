/** @module Opens an image source: a folder, a data set, or an S3 prefix. */
import { readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hasErrorCode, InputError, messageOf } from "../../../src/errors/index";
import { FolderImages } from "./folder-images";
import type { ImageEntry, ImageSource } from "./image-source";

/**
 * Opens `s3://bucket/prefix`, a folder of images, or a data set directory, with the labels and votes of its table if it can be read.
 * @throws {InputError} `IMAGES_MISSING` or `IMAGES_URL_INVALID`
 */
export async function openImages(
  location: string,
  { maxBytes }: { maxBytes?: number | undefined } = {},
): Promise<ImageSource> {
  const size = maxBytes === undefined ? {} : { maxBytes };
  if (/^[a-z0-9]+:\/\//i.test(location)) {
    const { S3Images } = await import("./s3-images.js");
    return S3Images.parse(location, size);
  }
  const directory = resolve(location);
  const dataset = datasetOf(directory);
  const labels = dataset ? await labelsOf(dataset) : {};
  const { isDrawn } = await import("../../../src/dataset/data-folder.js");
  return FolderImages.open(labels.root ?? directory, {
    ...size,
    label: dataset && basename(dataset),
    drawn: isDrawn(dataset ?? directory),
    ...labels,
  });
}

interface Labels {
  readonly root?: string;
  readonly known?: readonly ImageEntry[];
  readonly unlabelled?: string;
}

/** Reads the labels. Images can be shown without them, so that an unusable table is only reported. */
async function labelsOf(dataset: string): Promise<Labels> {
  try {
    return (await readLabels(dataset)) ?? {};
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { unlabelled: messageOf(error) };
  }
}

/** The directory with a label table: the given one, or the one above an `images` folder. */
function datasetOf(directory: string): string | undefined {
  const candidates = basename(directory) === "images" ? [directory, dirname(directory)] : [directory];
  return candidates.find((folder) => namesIn(folder).some((name) => /\.[ct]sv$/i.test(name)));
}

/** Empty for what is no readable folder, which {@link FolderImages.open} reports. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function readLabels(directory: string): Promise<Labels | undefined> {
  const { loadDataset } = await import("../../../src/dataset/load.js");
  const { classes, tiles } = await loadDataset(directory).catch((error: unknown) => {
    if (!hasErrorCode(error, "DATA_IMAGES_MISSING")) throw error;
    return loadDataset(directory, { requireImages: false });
  });
  const first = tiles[0];
  if (!first?.path.endsWith(first.name)) return undefined;
  const root = first.path.slice(0, -first.name.length);
  // Serves the images as a plain folder if they are in several places.
  if (!tiles.every((tile) => tile.path === join(root, tile.name))) return undefined;
  return {
    root,
    known: tiles.map(({ name, label, partition, votes }) => {
      return { name, class: classes[label], partition, ...(votes ? { votes } : {}) };
    }),
  };
}
