/** @module Groups of images, such as patients or slides, that must be in one partition, and what leaks if they are not. */
import { groupBy } from "../collections/index";
import { counted } from "../format/index";
import { spellingKey } from "./classes";
import { columnsNamed, isMissing, listed, namedOrNone, quoted, type Table } from "./table";
import { type Dataset, type DatasetOptions, LATEST_READING, type Reading, type Tile } from "./types";

/** Usual names of the column of patients. */
export const PATIENT_COLUMNS = [
  ...["patient", "patient id", "case", "case id", "subject", "subject id", "participant id", "donor", "donor id"],
  // Of TCGA.
  ...["case submitter id", "patient barcode", "bcr patient barcode"],
];
/** The wider group first: a patient has several slides. */
const GROUP_COLUMNS = [
  ...PATIENT_COLUMNS,
  ...["specimen", "specimen id", "slide", "slide id", "slide name", "slide submitter id", "slide barcode"],
  ...["wsi", "wsi id", "wsi name", "group", "group id"],
];

export interface SpelledGroups {
  /** Undefined for what is in no group; each group is spelled as where it comes first. */
  readonly groups: readonly (string | undefined)[];
  /** The spellings of each group that has several, such as `01` and `1`. */
  readonly spellings: readonly (readonly string[])[];
}

export interface TableGroups extends SpelledGroups {
  readonly column: string;
  readonly position: number;
  /** Other columns with a usual name that have the same value in several of these groups. */
  readonly others: readonly string[];
}

/**
 * Reads the groups of the given column, or of the first with a usual name; undefined for `none` and without such a column.
 * @param flag the option that names the column
 * @throws {InputError} `TABLE_COLUMN_MISSING`, `TABLE_COLUMN_AMBIGUOUS`
 */
export function readGroupColumn(
  table: Table,
  { groupColumn }: DatasetOptions,
  flag = "--group-column",
  reading: Reading = LATEST_READING,
): TableGroups | undefined {
  const usual = groupColumn === undefined ? columnsNamed(table, GROUP_COLUMNS, { flag, takesNone: true }) : [];
  const [position = namedOrNone(table, groupColumn), ...others] = usual;
  if (position === undefined) return undefined;
  const groupsIn = (column: number) => {
    const names = table.rows.map(({ fields: { [column]: field = "" } }) => (isMissing(field) ? undefined : field));
    return spellAlike(names, reading);
  };
  const { groups, spellings } = groupsIn(position);
  const across = others.filter((other) => !isWithin(groupsIn(other).groups, groups));
  const nameOf = (column: number) => table.columns[column] as string;
  return { column: nameOf(position), position, groups, others: across.map(nameOf), spellings };
}

/** Gives the spellings of one group the same name. Earlier readings compare names letter by letter. */
export function spellAlike(names: readonly (string | undefined)[], reading: Reading): SpelledGroups {
  if (reading < 3) return { groups: names, spellings: [] };
  const spelled = new Map<string, Set<string>>();
  const groups = names.map((name) => {
    if (name === undefined) return undefined;
    const key = groupKey(name);
    const spellings = (spelled.get(key) ?? new Set<string>()).add(name);
    spelled.set(key, spellings);
    const [first] = spellings;
    return first;
  });
  return { groups, spellings: [...spelled.values()].filter(({ size }) => size > 1).map((names) => [...names]) };
}

/**
 * Equal for the spellings of one group: tables and folders from several programs are joined, of which one writes `01` as `1` or `1.0`.
 * To take two groups for one only keeps more images together; the opposite error puts a patient into training and test.
 */
function groupKey(name: string): string {
  const parts = name.split("/").map((part) => spellingKey(part).replace(/^0+(?=\d+$)/, ""));
  return parts.join("/");
}

/** Whether each of the narrow groups is in one of the wide ones, as the slides of a patient are. */
function isWithin(narrow: TableGroups["groups"], wide: TableGroups["groups"]): boolean {
  const found = new Map<string, string | undefined>();
  return narrow.every((group, row) => {
    if (group === undefined) return true;
    if (!found.has(group)) found.set(group, wide[row]);
    return found.get(group) === wide[row];
  });
}

export interface GroupSummary {
  readonly count: number;
  /** Groups with images in more than one partition: a leak. */
  readonly acrossPartitions: readonly string[];
}

/** Counts groups; null for a set without groups. */
export function summarizeGroups({ tiles }: Pick<Dataset, "tiles">): GroupSummary | null {
  const { count, across } = spread(tiles, ({ partition }) => partition);
  return count === 0 ? null : { count, acrossPartitions: across };
}

/** The number of groups, and those with images in more than one of the parts into which the tiles are divided. */
function spread(tiles: readonly Tile[], partOf: (tile: Tile) => string | undefined) {
  const parts = new Map<string, Set<string>>();
  for (const tile of tiles) {
    const part = partOf(tile);
    if (tile.group === undefined || part === undefined) continue;
    parts.set(tile.group, (parts.get(tile.group) ?? new Set()).add(part));
  }
  return { count: parts.size, across: [...parts].flatMap(([group, within]) => (within.size > 1 ? [group] : [])) };
}

/** Notes about the groups of a set, of a column or `inNames`: how they are used, what has none, and which are in several partitions, or folds if one is chosen. */
export function groupNotes(
  { tiles }: Pick<Dataset, "tiles">,
  {
    column,
    others = [],
    spellings = [],
    inNames = false,
  }: Pick<TableGroups, "column"> & Partial<Pick<TableGroups, "others" | "spellings">> & { readonly inNames?: boolean },
  { fold, folds }: DatasetOptions = {},
): string[] {
  const { count, across: acrossPartitions } = spread(tiles, ({ partition }) => partition);
  if (count === 0) return [];
  const same = inNames ? `with the same ${quoted(column)} in their names` : `of the same ${quoted(column)}`;
  const off = inNames ? "" : " (--group-column none turns this off)";
  const kept = `Images ${same} (${count} in all) stay in one partition when partitions are drawn${off}.`;
  const leak = (groups: readonly string[], part: string) => {
    const note = `${groups.length} of them are in more than one ${part}, so that results are too good: ${listed(groups, 5)}.`;
    return groups.length > 0 ? [note] : [];
  };
  const isOfTable = fold !== undefined && folds === undefined;
  const inFolds = isOfTable ? spread(tiles, (tile) => (tile.partition === "test" ? undefined : tile.fold)).across : [];
  const without = tiles.filter(({ group }) => group === undefined).length;
  const alone = `No ${quoted(column)} is given for ${counted(without, "image")}: each is drawn by itself, although some may belong together.`;
  const asOne = spellings.slice(0, 5).map((names) => listed(names));
  const merged = `Values read as one: ${asOne.join("; ")}${spellings.length > asOne.length ? "; ..." : ""}.`;
  const other = `Values of ${listed(others)} occur in several of them: if these images belong together, name that column with --group-column.`;
  return [
    kept,
    ...(spellings.length > 0 ? [merged] : []),
    ...(others.length > 0 ? [other] : []),
    ...leak(acrossPartitions, "partition"),
    ...leak(inFolds, "fold"),
    ...(without > 0 ? [alone] : []),
  ];
}

/** Tiles that must stay together: those of each group, and each tile without a group. In the order of their first tiles. */
export function unitsOf(tiles: readonly Tile[]): Tile[][] {
  return [...groupBy(tiles, (tile): unknown => tile.group ?? tile).values()];
}

/**
 * Distributes units to parts so that each part gets its share of both classes, as nearly as whole units allow. Large units come
 * first; each goes to the part that needs its tiles most.
 * @param units in random order
 * @param shares of the parts, adding up to 1
 * @returns the part of each unit
 */
export function dealOut(units: readonly (readonly Tile[])[], shares: readonly number[]): number[] {
  const countsOf = (unit: readonly Tile[]) => [0, 1].map((label) => unit.filter((tile) => tile.label === label).length);
  const totals = countsOf(units.flat());
  const filled = shares.map(() => [0, 0]);
  const parts = new Array<number>(units.length);
  const order = [...units.keys()].sort((a, b) => (units[b]?.length ?? 0) - (units[a]?.length ?? 0));
  for (const index of order) {
    const unit = countsOf(units[index] as readonly Tile[]);
    const need = shares.map((share, part) =>
      unit.reduce((sum, count, label) => {
        const wanted = share * Math.max(1, totals[label] as number);
        return sum + count * (1 - ((filled[part]?.[label] as number) + count / 2) / wanted);
      }, 0),
    );
    const part = need.indexOf(Math.max(...need));
    parts[index] = part;
    for (const label of [0, 1]) (filled[part] as number[])[label]! += unit[label] as number;
  }
  return parts;
}

/** The numbers of groups (patients, slides) and of pictures of which several partitions have images. */
export interface AcrossPartitions {
  readonly groups: number;
  readonly pictures: number;
}

/** What to say of it beside results. Names no patients and no tiles, as cards and reports are passed on. */
export function leakWords(shared: AcrossPartitions | undefined): string[] {
  if (!shared) return [];
  const { groups, pictures } = shared;
  const parts = [
    ...(groups > 0 ? [`images of ${counted(groups, "patient or slide", "patients or slides")}`] : []),
    ...(pictures > 0 ? [`equal images of ${counted(pictures, "picture")}`] : []),
  ];
  return [`These results are too good: ${parts.join(" and ")} are in more than one partition.`];
}
