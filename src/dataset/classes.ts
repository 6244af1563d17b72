/** @module From the labels as written to a negative and a positive class. */
import { InputError } from "../errors/index";
import { listed, quoted } from "./table";

/** The two classes of a set and what each written label means. */
interface ClassAssignment {
  readonly classes: readonly [negative: string, positive: string];
  /** 1 or 0 for a label as written. */
  labelOf(written: string): 0 | 1;
  /** What a person should know about how the labels were read. */
  readonly notes: readonly string[];
}

/**
 * Decides which class is positive. Labels of one {@link classKey} are one class, spelled as the first one met.
 * @param written every label as written, blanks included
 * @param positive name of the positive class; default: the alphabetically later one
 * @param source what to name in errors: the table or folder
 * @param remedy what the user can do when there are more than two classes, beside naming the positive one
 * @throws {InputError} `DATA_ONE_CLASS`, `DATA_MANY_CLASSES`, `DATA_POSITIVE_UNKNOWN` or `LABEL_LETTERS_LOST`
 */
export function assignClasses(
  written: Iterable<string>,
  positive: string | undefined,
  source: string,
  remedy = "",
): ClassAssignment {
  const spellings = new Map<string, string>();
  const variants = new Map<string, Set<string>>();
  for (const label of written) {
    checkLetters(label, source);
    const key = classKey(label);
    if (!spellings.has(key)) spellings.set(key, classSpelling(label));
    variants.set(key, (variants.get(key) ?? new Set()).add(label.trim()));
  }
  const keys = [...spellings.keys()].sort();
  const names = keys.map((key) => spellings.get(key) as string);
  if (positive !== undefined && !spellings.has(classKey(positive))) {
    throw new InputError(
      "DATA_POSITIVE_UNKNOWN",
      `--positive ${positive}: ${source} has the classes ${listed(names)}.`,
    );
  }
  if (names.length < 2) {
    const only = names[0] === undefined ? "no labels" : `only the class ${quoted(names[0])}`;
    throw new InputError("DATA_ONE_CLASS", `${source} has ${only}; a classifier needs two classes.`);
  }
  if (names.length > 2 && positive === undefined) {
    throw new InputError(
      "DATA_MANY_CLASSES",
      `${source} has ${names.length} classes (${listed(names)}) instead of two; pass --positive NAME to distinguish one from the rest${remedy}.`,
    );
  }
  const positiveKey = positive === undefined ? (keys[keys.length - 1] as string) : classKey(positive);
  const positiveName = spellings.get(positiveKey) as string;
  const others = names.filter((name) => name !== positiveName);
  const negativeName =
    others.length === 1 ? (others[0] as string) : classKey("other") === positiveKey ? "rest" : "other";
  const notes = [...variants.values()]
    .filter((spelled) => spelled.size > 1)
    .map((spelled) => `Labels read as one class: ${listed([...spelled])}.`);
  if (others.length > 1)
    notes.push(`${quoted(positiveName)} is told from ${listed(others)} together (${quoted(negativeName)}).`);
  return {
    classes: [negativeName, positiveName],
    labelOf: (label) => (classKey(label) === positiveKey ? 1 : 0),
    notes,
  };
}

/**
 * Refuses a label in which some program wrote the replacement character for letters that it did not know: different labels
 * may have become one.
 * @param source what to name in the error: the table or folder
 * @throws {InputError} `LABEL_LETTERS_LOST`
 */
export function checkLetters(label: string, source: string): void {
  if (!label.includes("\uFFFD")) return;
  throw new InputError(
    "LABEL_LETTERS_LOST",
    `${source} has the label ${quoted(label)}: letters were lost when it was saved; correct it, or save the original as UTF-8.`,
  );
}

/** A label for people: without blanks around it and without the `.0` that some programs give whole numbers. */
export function classSpelling(label: string): string {
  return label.trim().replace(/^([-+]?\d+)\.0*$/, "$1");
}

/**
 * The same for all labels of one class: case, blanks around, a `.0` and the Unicode form do not count; `true` and `false` are 1 and 0. Everything
 * that reads labels compares them by it.
 */
export function classKey(label: string): string {
  const key = classSpelling(label).normalize("NFC").toLowerCase();
  return key === "true" ? "1" : key === "false" ? "0" : key;
}
