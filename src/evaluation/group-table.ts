/** @module Tables of groups of images (scanner, site, slide, class of tissue), and measures within the groups. */
import { groupBy } from "../collections/index";
import {
  columnsNamed,
  IMAGE_COLUMNS,
  isMissing,
  listed,
  namedColumn,
  quoted,
  readTable,
  type Table,
} from "../dataset/labels/index";
import { InputError } from "../errors/index";
import { ImageNames } from "../files/index";
import { counted } from "../format/index";
import { confusionAt, decisionMetrics } from "./confusion";
import { metricIntervals } from "./intervals";
import { labelsAndScores, type Prediction } from "./predictions";
import { rank, rocAucOf } from "./ranking";

/** Groups by image, and how many images have one. */
export type GroupTable = Awaited<ReturnType<typeof readGroups>>;

/**
 * Reads a table of groups. Names match as in data sets (see {@link ImageNames}). The column of images is the one with a usual name
 * that matches most images, or else any other that matches most.
 * @param by column of the groups
 * @throws {InputError} `TABLE_*` for the file, `GROUPS_NO_IMAGE` if it names none of the images, `GROUPS_AMBIGUOUS` if a name may
 *   mean several images or an image has two groups
 */
export async function readGroups(path: string, by: string, predictions: readonly Prediction[]) {
  const table = await readTable(path);
  const group = namedColumn(table, by);
  const names = new ImageNames(predictions.map(({ filename }) => filename));
  const usual = columnsNamed(table, IMAGE_COLUMNS).filter((column) => column !== group);
  const others = [...table.columns.keys()].filter((column) => column !== group && !usual.includes(column));
  const hits = (column: number) =>
    table.rows.filter(({ fields }) => names.matching(fields[column] ?? "").length > 0).length;
  const best = (columns: readonly number[]) =>
    columns.map((column) => ({ column, hits: hits(column) })).sort((a, b) => b.hits - a.hits)[0];
  const chosen = [best(usual), best(others)].find((found) => found && found.hits > 0);
  if (!chosen) throw noImage(table, predictions, usual[0] ?? others[0] ?? group);
  const { groups, unusedRows } = read(table, chosen.column, group, names);
  return {
    groupOf: ({ filename }: Pick<Prediction, "filename">) => groups.get(filename)?.group,
    imageColumn: table.columns[chosen.column] as string,
    /** Number of images in the table. */
    matched: groups.size,
    /** Number of images that are not in the table and have no group. */
    unmatched: predictions.length - groups.size,
    /** Number of rows that name none of the images. */
    unusedRows,
  };
}

/** The groups of the images that a column names. */
function read(table: Table, column: number, group: number, names: ImageNames) {
  const groups = new Map<string, { group: string; line: number }>();
  let unusedRows = 0;
  for (const { fields, line } of table.rows) {
    const written = fields[column] ?? "";
    const [name, ...others] = names.matching(written);
    if (others.length > 0) {
      const message = `${table.path}, line ${line}: ${quoted(written)} may mean any of ${listed([name as string, ...others], 4)}; write the names in full.`;
      throw new InputError("GROUPS_AMBIGUOUS", message);
    }
    if (name === undefined) {
      unusedRows++;
      continue;
    }
    const value = fields[group] ?? "";
    const text = isMissing(value) ? "" : value;
    const before = groups.get(name);
    if (before && before.group !== text) {
      const message = `${table.path}: lines ${before.line} and ${line} give ${name} two groups, ${quoted(before.group)} and ${quoted(text)}; remove one.`;
      throw new InputError("GROUPS_AMBIGUOUS", message);
    }
    if (!before) groups.set(name, { group: text, line });
  }
  return { groups, unusedRows };
}

function noImage(table: Table, predictions: readonly Prediction[], column: number): InputError {
  const [written, name] = [table.rows[0]?.fields[column] ?? "", predictions[0]?.filename ?? ""];
  const message = `${table.path} names none of the ${counted(predictions.length, "image")}: ${quoted(table.columns[column])} holds names such as ${quoted(written)}, the images have such as ${quoted(name)}.`;
  return new InputError("GROUPS_NO_IMAGE", message);
}

/** One group's results. */
export type Subgroup = ReturnType<typeof measure>;

/** Measures by group, sorted by name. Images without a group are in the group `(none)`. @param groupOf the group of an image */
export function subgroupTable(
  predictions: readonly Prediction[],
  groupOf: (prediction: Prediction) => string | undefined,
  threshold: number,
): Subgroup[] {
  return [...groupBy(predictions, (row) => groupOf(row)?.trim() || "(none)")]
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([group, rows]) => measure(group, rows, threshold));
}

/** Areas are NaN if a class is missing in the group. */
function measure(group: string, rows: readonly Prediction[], threshold: number) {
  const { labels, scores, logits, groups } = labelsAndScores(rows);
  const confusion = confusionAt(labels, scores, threshold);
  const { rocAuc, accuracy } = metricIntervals(labels, scores, { threshold, groups, rankBy: logits });
  return {
    group,
    n: rows.length,
    positives: confusion.tp + confusion.fn,
    rocAuc: rocAucOf(rank(labels, logits)),
    rocAucCi95: rocAuc,
    accuracyCi95: accuracy,
    ...decisionMetrics(confusion),
    confusion,
  };
}
