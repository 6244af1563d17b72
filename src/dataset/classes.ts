/** @module Assigns the labels of a table to a negative and a positive class. */
import { InputError } from "../errors/index";
import { listed, quoted, wordsOf } from "./table";

/** The two classes of a set and what each written label means. */
export interface ClassAssignment {
  readonly classes: readonly [negative: string, positive: string];
  /** The classes that together are the negative one, if they are several. */
  readonly together?: readonly string[];
  /** 1 or 0 for a label of the table. */
  labelOf(written: string): 0 | 1;
  /** Messages to the user about how labels were read. */
  readonly notes: readonly string[];
}

/**
 * Decides which class is positive. Labels with equal {@link classKey} are one class, spelled like the first of them.
 * @param written the labels of the table, unchanged
 * @param positive name of the positive class; default: the alphabetically later one
 * @param source table or folder to name in errors
 * @param remedy a further way to resolve more than two classes, besides naming the positive one
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
    const message = `--positive ${positive}: ${source} has the classes ${listed(names)}.`;
    throw new InputError("DATA_POSITIVE_UNKNOWN", message);
  }
  if (names.length < 2) {
    const only = names[0] === undefined ? "no labels" : `only the class ${quoted(names[0])}`;
    throw new InputError("DATA_ONE_CLASS", `${source} has ${only}; a classifier needs two classes.`);
  }
  if (names.length > 2 && positive === undefined) {
    const message = `${source} has ${names.length} classes (${listed(names)}) instead of two; pass --positive NAME to distinguish one from the rest${remedy}.`;
    throw new InputError("DATA_MANY_CLASSES", message);
  }
  const positiveKey = positive === undefined ? (keys[keys.length - 1] as string) : classKey(positive);
  const positiveName = spellings.get(positiveKey) as string;
  const others = names.filter((name) => name !== positiveName);
  const negativeName =
    others.length === 1 ? (others[0] as string) : classKey("other") === positiveKey ? "rest" : "other";
  const notes = [...variants.values()]
    .filter((spelled) => spelled.size > 1)
    .map((spelled) => `Labels read as one class: ${listed([...spelled])}.`);
  if (positive === undefined) notes.push(...notesOnOrder(negativeName, positiveName));
  if (others.length > 1)
    notes.push(`${quoted(positiveName)} is distinguished from ${listed(others)} (together ${quoted(negativeName)}).`);
  return {
    classes: [negativeName, positiveName],
    ...(others.length > 1 && { together: others }),
    labelOf: (label) => (classKey(label) === positiveKey ? 1 : 0),
    notes,
  };
}

/** A hint if the positive class of two, which is so by its name only, seems to be the negative one. */
export function notesOnOrder(negative: string, positive: string): string[] {
  const isSmaller = Number(positive) < Number(negative);
  if (!isSmaller && (!soundsNegative(positive) || soundsNegative(negative))) return [];
  return [
    `${quoted(positive)} is the positive class, because it is alphabetically later; --positive ${quoted(negative)} turns that round.`,
  ];
}

/**
 * Words of names that mean that something is absent: a disease, a mutation (`wt`, wild type), an instability (`mss`, microsatellite
 * stable).
 */
const NEGATING_WORDS = new Set(
  "0 no non not without absent negative neg other rest normal benign healthy control wt wild wildtype stable mss".split(
    " ",
  ),
);

/** True if a name has a word such as `no`, `normal` or `nonmalignant`, or ends in `n`, as `colon_n` does. */
export function soundsNegative(name: string): boolean {
  const words = wordsOf(name).split(" ");
  return words.at(-1) === "n" || words.some((word) => NEGATING_WORDS.has(word) || /^non\p{L}/u.test(word));
}

/**
 * Rejects labels with the Unicode replacement character, which some program wrote for unknown letters: different labels
 * may have become equal.
 * @param source table or folder to name in the error
 * @throws {InputError} `LABEL_LETTERS_LOST`
 */
export function checkLetters(label: string, source: string): void {
  if (!label.includes("\uFFFD")) return;
  const message = `${source} has the label ${quoted(label)}: letters were lost when it was saved; correct it, or save the original as UTF-8.`;
  throw new InputError("LABEL_LETTERS_LOST", message);
}

/** A label as shown to users: trimmed, and without the `.0` that some programs add to whole numbers. */
export function classSpelling(label: string): string {
  return label.trim().replace(/^([-+]?\d+)\.0*$/, "$1");
}

/** Equal for spellings that differ only in case, surrounding blanks, a `.0` or the Unicode form. */
export function spellingKey(text: string): string {
  return classSpelling(text).normalize("NFC").toLowerCase();
}

/** The key by which all readers compare labels: equal for all labels of a class. `true` and `false` equal 1 and 0. */
export function classKey(label: string): string {
  const key = spellingKey(label);
  return key === "true" ? "1" : key === "false" ? "0" : (wholeNumber(key) ?? key);
}

/** Signs and exponents (NumPy's `1.000e+00`) do not make another class; fractions, as of codes such as `1.10`, may. */
function wholeNumber(key: string): string | undefined {
  if (!/^[-+]?(?:0|[1-9]\d{0,14})(?:\.\d*)?(?:e[-+]?\d\d?)?$/.test(key)) return undefined;
  const number = Number(key);
  return Number.isSafeInteger(number) ? `${number}` : undefined;
}
