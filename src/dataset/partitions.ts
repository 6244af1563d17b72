/** @module Names of partitions in tables and folders, and the columns that contain them. */
import { InputError } from "../errors/index";
import { classKey } from "./classes";
import { columnsNamed, isMissing, listed, namedOrNone, quoted, type Table, wordsOf } from "./table";
import type { DatasetOptions, Partition } from "./types";

const NAMES: Readonly<Record<string, Partition>> = {
  train: "train",
  training: "train",
  trn: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  tst: "test",
};

/** Words after the name of a partition that say nothing more. */
const OF_IMAGES = /(?<=.) ?(?:(?:data ?)?set|data|cohort|image|tile|patche?|split|fold)$/;

/** The partition for a name such as `Train`, `val` or `test_set`, if any. */
export function partitionNamed(written: string): Partition | undefined {
  const name = wordsOf(written).replace(OF_IMAGES, "");
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

/** The only partition that is a word of a name, such as `train` of `CRC_DX_TRAIN`, if any. */
export function partitionWithin(name: string): Partition | undefined {
  const [found, ...others] = new Set(
    wordsOf(name)
      .split(" ")
      .flatMap((word) => partitionNamed(word) ?? []),
  );
  return others.length === 0 ? found : undefined;
}

const FOLD_COLUMNS = ["fold", "k fold", "cv fold", "fold id", "fold number"];
const PARTITION_COLUMNS = ["partition", "split", "subset", "set", ...FOLD_COLUMNS];

/**
 * The partitions of images by a folder in their paths, as in `HP/train/a.png`; undefined unless each image is in one and there are
 * train and another one.
 */
export function partitionsOfFolders(paths: readonly string[]): Partition[] | undefined {
  const known = new Map<string, Partition | undefined>();
  const partitions: Partition[] = [];
  for (const path of paths) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (!known.has(folder)) known.set(folder, folder.split("/").map(partitionNamed).find(Boolean));
    const partition = known.get(folder);
    if (partition === undefined) return undefined;
    partitions.push(partition);
  }
  const found = new Set(partitions);
  return found.has("train") && found.size > 1 ? partitions : undefined;
}

export interface TablePartitions {
  /** Undefined for tables without partitions. */
  readonly partitions: readonly Partition[] | undefined;
  /** Undefined for rows with an empty field, and for tables without folds. */
  readonly folds: readonly (string | undefined)[] | undefined;
  readonly notes: readonly string[];
}

/**
 * Reads partitions and folds. Uses the first column with a usual name that contains partitions, or else one that contains nothing
 * else; notes mention the latter, and columns with a usual name that contain none.
 * @param taken positions of columns that contain something else, such as the labels
 * @throws {InputError} `TABLE_PARTITION_UNKNOWN`, naming the line, or `TABLE_COLUMN_MISSING`
 */
export function readPartitions(
  table: Table,
  options: DatasetOptions,
  taken: readonly (number | undefined)[] = [],
): TablePartitions {
  const usualNames = options.partitionColumn === undefined ? PARTITION_COLUMNS : [];
  const found = columnsNamed(table, usualNames, { flag: "--partition-column", takesNone: true }).filter(
    (at) => !taken.includes(at),
  );
  const usual = namedOrNone(table, options.partitionColumn) ?? found.find((at) => namesPartitions(table, at));
  const other = options.partitionColumn === undefined && usual === undefined ? columnOfPartitions(table) : undefined;
  const column = usual ?? other;
  const fold = namedOrNone(table, options.foldColumn) ?? foldColumn(table, options, column);
  const others = found.filter((at) => at !== fold && !namesPartitions(table, at));
  return {
    partitions: column === undefined ? undefined : table.rows.map((_, row) => partitionOf(table, row, column)),
    folds: fold === undefined ? undefined : table.rows.map(({ fields }) => foldIn(fields[fold] ?? "")),
    notes: [
      ...(other === undefined ? [] : [`Partitions are taken from the column ${quoted(table.columns[other])}.`]),
      ...others.map((at) => `${described(table, at)} contains no partitions and is ignored.`),
      ...(column === undefined && options.partitionColumn === undefined ? notesOnMarks(table, taken) : []),
      ...(fold === undefined || options.fold !== undefined || options.folds !== undefined
        ? []
        : [
            `${described(table, fold)} is not used; --fold K validates on one of its folds, --fold all on each in turn.`,
          ]),
    ],
  };
}

function foldColumn(table: Table, options: DatasetOptions, partitionColumn: number | undefined): number | undefined {
  if (options.foldColumn !== undefined) return undefined;
  return columnsNamed(table, FOLD_COLUMNS, { flag: "--fold-column", takesNone: true }).find(
    (at) => at !== partitionColumn && !namesPartitions(table, at),
  );
}

/** True if at least one field is the name of a partition; other values are mistakes then. */
function namesPartitions(table: Table, position: number): boolean {
  return [...valuesIn(table, position)].some((value) => partitionNamed(value) !== undefined);
}

const MARK = /^(?:[01](?:\.0)?|true|false|t|f|yes|no|y|n)?$/i;

/** The first column whose fields are all names of partitions, train and another one among them. */
function columnOfPartitions(table: Table): number | undefined {
  return [...table.columns.keys()].find((at) => {
    const values = [...valuesIn(table, at)];
    if (!values.every(partitionNamed)) return false;
    const found = new Set(values.map(partitionNamed));
    return found.has("train") && found.size > 1;
  });
}

function valuesIn({ rows }: Table, position: number): ReadonlySet<string> {
  return new Set(rows.map(({ fields }) => fields[position] ?? ""));
}

/** Notes about columns such as `is_test`, which mark the images of a partition by yes and no. */
function notesOnMarks(table: Table, taken: readonly (number | undefined)[]): string[] {
  const marks = [...table.columns.entries()].filter(([at, name]) => {
    if (taken.includes(at) || !partitionNamed(name.replace(/^(?:is|in)(?=[\s_-]|\p{Lu})/u, ""))) return false;
    return table.rows.every(({ fields }) => MARK.test(fields[at]?.trim() ?? ""));
  });
  return marks.map(
    ([at]) =>
      `${described(table, at)} is not read: to use it, write train, validation or test into a column "partition".`,
  );
}

function foldIn(field: string): string | undefined {
  return isMissing(field) ? undefined : classKey(field);
}

function partitionOf(table: Table, index: number, position: number): Partition {
  const { fields, line } = table.rows[index] as Table["rows"][number];
  const word = fields[position] ?? "";
  const partition = partitionNamed(word);
  if (partition) return partition;
  const message = `${table.path}, line ${line}: the ${table.columns[position]} ${quoted(word)} is none of train, validation, test; correct it, name another column with --partition-column, or give --partition-column none (for a column of folds, use --fold-column).`;
  throw new InputError("TABLE_PARTITION_UNKNOWN", message);
}

/** Such as `The column "fold" ("0", "1", "2")`. */
function described(table: Table, position: number): string {
  const values = [...valuesIn(table, position)].sort(inOrder);
  return `The column ${quoted(table.columns[position])} (${listed(values, 5)})`;
}

/** Sorts numbers by size and words alphabetically. */
export function inOrder(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
