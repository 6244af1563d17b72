/** @module A hash of a whole data set, by which two machines can check that they see the same one. */
import { InputError } from "../errors/index";
import { sha256, sha256File } from "../files/index";
import { Limit } from "../machine/index";
import type { Dataset, Tile } from "./types";

const AT_ONCE = 8;

/**
 * SHA-256 over the names, labels, partitions, votes, folds and groups of all tiles and the bytes of their files, in the set's
 * order. Reads every file once; does not depend on the directory's location.
 * @throws {InputError} `IMAGE_MISSING` if a tile has no file
 */
export async function datasetContentHash({ classes, tiles }: Dataset): Promise<string> {
  const limit = new Limit(AT_ONCE);
  const hashOf = ({ path }: Tile) =>
    sha256File(path).catch((cause: unknown) => {
      throw new InputError("IMAGE_MISSING", `${path} cannot be read.`, { cause });
    });
  const files = await Promise.all(tiles.map((tile) => limit.run(() => hashOf(tile))));
  const rows = tiles.map(({ name, label, partition, votes, fold, group }, i) => {
    const row = [name, label, partition, votes ?? null, files[i]];
    return fold === undefined && group === undefined
      ? row
      : [...row, fold ?? null, ...(group === undefined ? [] : [group])];
  });
  return sha256(JSON.stringify([classes, rows]));
}
