/** @module What a table says about the scale of its images, in micrometres per pixel. */
import { countValues, upperMedian } from "../collections/index";
import { parseDecimal } from "../files/index";
import { counted } from "../format/index";
import { columnsNamed, isMissing, quoted, type Table } from "./table";

const SCALE_COLUMNS = [
  ...["mpp", "um per pixel", "µm per pixel", "um per px", "µm per px", "um px", "µm px", "pixel size", "pixel size um"],
  ...["microns per pixel", "micrometres per pixel", "micrometers per pixel", "microns per px"],
];
/** Other values are not micrometres per pixel of a microscope, but nanometres, millimetres or magnifications. */
const PLAUSIBLE = [0.05, 20] as const;
/** Scales that differ by less are equal: scanners of one kind differ by so much. */
const TOLERANCE = 1.05;

/** The scale of a table's images. */
export interface TableScale {
  /** Micrometres per pixel, if all images have the same. */
  readonly mpp?: number;
  readonly notes: readonly string[];
}

/**
 * Reads the column of micrometres per pixel, if the table has one. Images are never rescaled by it: a note says if they have
 * different scales, or if the values are of another unit or missing.
 */
export function scaleOf(table: Table): TableScale {
  const [column] = columnsNamed(table, SCALE_COLUMNS);
  if (column === undefined) return { notes: [] };
  const name = `The column ${quoted(table.columns[column])}`;
  const fields = table.rows.map((row) => row.fields[column] ?? "");
  const written = fields.filter((field) => !isMissing(field));
  const values = written.map((field) => parseDecimal(field, { comma: true }));
  const odd = written.filter((_, i) => !isPlausible(values[i] as number));
  if (odd.length > 0) {
    const range = PLAUSIBLE.join(" to ");
    const note = `${name} does not give the images' scale: ${counted(odd.length, "value")} (such as ${quoted(odd[0])}) cannot be micrometres per pixel, which are from ${range}.`;
    return { notes: [note] };
  }
  if (values.length === 0) return { notes: [] };
  const sorted = Float64Array.from(values).sort();
  if ((sorted.at(-1) as number) > TOLERANCE * (sorted[0] as number)) {
    const scales = [...countValues(values.map(String))].sort(([, a], [, b]) => b - a);
    const shown = scales.slice(0, SHOWN).map(([scale, count]) => `${scale}: ${count}`);
    const more = scales.length > SHOWN ? ", ..." : "";
    const note = `${name} gives the images different scales in micrometres per pixel (${shown.join(", ")}${more}): the same cells have different sizes in them. They are used as they are; resample them to one scale, or keep those of one.`;
    return { notes: [note] };
  }
  const empty = fields.length - values.length;
  if (empty > 0) {
    return { notes: [`${name} gives the scale of ${counted(values.length, "image")}, but none of ${empty}.`] };
  }
  const mpp = upperMedian(values);
  return { mpp, notes: [`${name} gives ${mpp} micrometres per pixel; exported models keep it, for slides.`] };
}

/** Number of scales shown. */
const SHOWN = 4;

function isPlausible(value: number): boolean {
  return value >= PLAUSIBLE[0] && value <= PLAUSIBLE[1];
}
