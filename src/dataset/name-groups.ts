/** @module Groups of images that their file names give, such as the slide or patient that a tile is from. */
import { countValues } from "../collections/index";
import { InputError } from "../errors/index";
import { counted, shellText } from "../format/index";
import { groupNotes, spellAlike } from "./groups";
import { quoted } from "./table";
import type { DatasetOptions, Partition, Reading, Tile, UnnamedDataset } from "./types";

/** Names of tiles with their place in a larger picture; what stands before it names the picture. */
const PLACES = ["^(.+)_\\d+_\\d+", "^(.+)-\\d+-\\d+", "^(.+)_x_?\\d+_y_?\\d+", "^(.+)_Row_\\d+_Col_\\d+"];
/** Share of the images whose names must have a place, number of pictures and tiles of one on average, to speak of them. */
const [LEAST_SHARE, FEWEST_PICTURES, FEWEST_TILES] = [0.9, 5, 2];

/**
 * Puts images with the same match of `groupPattern` in their file names into one group. Without it, and without other groups, a
 * note says if the names look like those of tiles cut from larger pictures.
 * @throws {InputError} `DATA_GROUP_AMBIGUOUS` beside a column of groups, `DATA_GROUP_MISSING` if no name matches
 */
export function groupByName(dataset: UnnamedDataset, options: DatasetOptions, reading: Reading): UnnamedDataset {
  const { groupPattern, groupColumn } = options;
  if (groupPattern === undefined) {
    const note = noteOnPictures(dataset.tiles, groupColumn);
    return note === undefined ? dataset : { ...dataset, notes: [...(dataset.notes ?? []), note] };
  }
  if (groupColumn !== undefined && groupColumn !== "none") {
    const message = "--group-pattern and --group-column both say which images belong together; give one of them.";
    throw new InputError("DATA_GROUP_AMBIGUOUS", message);
  }
  const found = dataset.tiles.map((tile) => matchOf(groupPattern, tile) || undefined);
  const { groups, spellings } = spellAlike(found, reading);
  const tiles = dataset.tiles.map(({ group: _, ...tile }, i): Tile => {
    const group = groups[i];
    return { ...tile, ...(group !== undefined && { group }) };
  });
  if (tiles.every(({ group }) => group === undefined)) {
    const message = `--group-pattern ${groupPattern} matches no file name (such as ${quoted(fileName(tiles[0]?.name))}).`;
    throw new InputError("DATA_GROUP_MISSING", message);
  }
  const notes = groupNotes({ tiles }, { column: groupPattern, spellings, inNames: true }, options);
  return { ...dataset, tiles, notes: [...(dataset.notes ?? []), ...notes] };
}

/** What the pattern's first parentheses match in the name without folders, or the whole pattern without parentheses. */
function matchOf(pattern: string, { name }: Pick<Tile, "name">): string | undefined {
  const match = new RegExp(pattern).exec(fileName(name));
  return match?.[1] ?? match?.[0];
}

function fileName(name = ""): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Nothing for sets whose partitions are all given and keep the pictures whole. */
function noteOnPictures(tiles: readonly Tile[], groupColumn: string | undefined): string | undefined {
  if (groupColumn !== undefined || tiles.some(({ group }) => group !== undefined)) return undefined;
  for (const pattern of PLACES) {
    const pictures = tiles.map((tile) => matchOf(pattern, tile));
    const { size: different } = countValues(pictures.filter((picture) => picture !== undefined));
    const matching = pictures.filter((picture) => picture !== undefined).length;
    if (matching < LEAST_SHARE * tiles.length || different < FEWEST_PICTURES || matching < FEWEST_TILES * different) {
      continue;
    }
    const partitions = new Map<string, Set<Partition>>();
    for (const [i, picture = ""] of pictures.entries()) {
      partitions.set(picture, (partitions.get(picture) ?? new Set()).add(tiles[i]!.partition));
    }
    const torn = [...partitions].filter(([picture, within]) => picture !== "" && within.size > 1).length;
    if (torn === 0 && new Set(tiles.map(({ partition }) => partition)).size === 3) return undefined;
    const already = torn > 0 ? ` (${counted(torn, "picture")} already ${torn === 1 ? "is" : "are"})` : "";
    return `Names such as ${fileName(tiles[0]!.name)} look like tiles cut from ${different} larger pictures. If tiles of one picture are in several partitions${already}, results are too good: keep them together with ${shellText(["--group-pattern", pattern])}, or say --group-column none.`;
  }
  return undefined;
}
