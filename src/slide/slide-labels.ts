/** @module Reads labels of slides from a CSV of slide, label and optional partition. */
import {
  classKey,
  findColumn,
  isMissing,
  listed,
  PATIENT_COLUMNS,
  type Partition,
  partitionNamed,
  readTable,
} from "../dataset/labels/index";
import { InputError } from "../errors/index";

export interface SlideLabel {
  readonly label: 0 | 1;
  /** `test` if the table does not say. */
  readonly partition: Partition;
  /** Whose slide it is, if the table says. */
  readonly patient?: string;
}

const SLIDE_COLUMNS = ["slide", "slide id", "filename", "file", "image", "image name", "name"];
const LABEL_COLUMNS = ["label", "class", "diagnosis", "target", "ground truth"];
/** The file's extension. The second slide of a name, such as `a.svs-2`, is not `a`. */
const EXTENSION = /(\.ome)?\.[a-z]+$/i;
const PARTITION_COLUMNS = ["partition", "split", "subset", "set"];

/**
 * Reads labels. The table names slides with or without their file extension.
 * @param classes `[negative, positive]`; 0 and 1 mean the same, unless one of the classes has such a name
 * @throws {InputError} `TABLE_...`, `SLIDE_LABELS`
 */
export async function readSlideLabels(path: string, classes: readonly [string, string]) {
  const table = await readTable(path);
  const slideAt = findColumn(table, SLIDE_COLUMNS);
  const labelAt = findColumn(table, LABEL_COLUMNS);
  const partitionAt = findColumn(table, PARTITION_COLUMNS);
  const patientAt = findColumn(table, PATIENT_COLUMNS);
  if (slideAt === undefined || labelAt === undefined) {
    const missing = slideAt === undefined ? "slide" : "label";
    throw new InputError("SLIDE_LABELS", `${path} has no column "${missing}"; it has ${listed(table.columns)}.`);
  }
  const keys = classes.map(classKey);
  const names = keys.some((key) => /^[01]$/.test(key)) ? keys : [...keys, "0", "1"];
  const labels = new Map<string, SlideLabel & { readonly line: number }>();
  for (const { fields, line } of table.rows) {
    const text = fields[labelAt] ?? "";
    const found = names.indexOf(classKey(text));
    if (found < 0) {
      const message = `${path}, line ${line}: ${text || "nothing"} is neither ${classes.join(" nor ")}.`;
      throw new InputError("SLIDE_LABELS", message);
    }
    const given = (partitionAt === undefined ? "" : fields[partitionAt]) || "test";
    const [label, partition] = [(found % 2) as 0 | 1, partitionNamed(given)];
    if (!partition) {
      const message = `${path}, line ${line}: ${given} is not a partition; write train, validation or test.`;
      throw new InputError("SLIDE_LABELS", message);
    }
    const slide = (fields[slideAt] ?? "").normalize("NFC");
    const before = labels.get(slide);
    if (before && (before.label !== label || before.partition !== partition)) {
      const message = `${path}, line ${line}: ${slide} has another label or partition in line ${before.line}.`;
      throw new InputError("SLIDE_LABELS", message);
    }
    const patient = patientAt === undefined ? "" : (fields[patientAt] ?? "");
    labels.set(slide, { label, partition, line, ...(!isMissing(patient) && { patient }) });
  }
  const nameOf = (written: string) => {
    const slide = written.normalize("NFC");
    return labels.has(slide) ? slide : slide.replace(EXTENSION, "");
  };
  return {
    labelOf: (slide: string): SlideLabel | undefined => labels.get(nameOf(slide)),
    /** The table's names that are those of none of these slides. */
    namesBeside(slides: readonly string[]): string[] {
      const named = new Set(slides.map(nameOf));
      return [...labels.keys()].filter((name) => !named.has(name));
    },
  };
}
