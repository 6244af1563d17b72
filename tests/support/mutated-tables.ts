/** @module Tables of images, labels, scores and groups, spoiled in the ways in which files are spoiled, from a seed. */
import type { Random } from "../../src/random/index";

/** Names of the images that the tables speak of. */
export const TABLE_IMAGES = ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png", "Größe 1.png", "s1/g.png"] as const;

type Cells = string[][];

const LABELS = ["HP", "SSA"];

function rows(header: readonly string[], row: (name: string, i: number) => readonly (string | number)[]): Cells {
  return [[...header], ...TABLE_IMAGES.map((name, i) => row(name, i).map(String))];
}

const BASES: readonly (() => Cells)[] = [
  () =>
    rows(
      ["Image Name", "Majority Vote Label", "Number of Annotators who Selected SSA (Out of 7)", "Partition"],
      (name, i) => [name, LABELS[i % 2] as string, i % 2 ? 5 : 1, i < 6 ? "train" : "test"],
    ),
  () => rows(["image", "label", "split"], (name, i) => [name, i % 2, i < 6 ? "train" : "test"]),
  () => rows(["id", "class", "fold"], (name, i) => [name.replace(".png", ""), LABELS[i % 2] as string, i % 3]),
  () => rows(["filename", "label", "score"], (name, i) => [name, i % 2, (0.11 * i).toFixed(2)]),
  () =>
    rows(["filename", "label", "logit", "probability"], (name, i) => [name, i % 2, i - 4, 1 / (1 + Math.exp(4 - i))]),
  () =>
    rows(["image", "site", "label", "votes_positive", "votes_total"], (name, i) => [
      name,
      `S${i % 3}`,
      i % 2,
      i % 4,
      3,
    ]),
  () => rows(["image", "label", "score (%)"], (name, i) => [name, LABELS[i % 2] as string, `${12.5 * i}%`]),
];

/** Fields that have broken programs before. */
const FIELDS = [
  ...[
    "",
    " ",
    "NaN",
    "NA",
    "null",
    "None",
    "-",
    "0",
    "1",
    "-1",
    "1.0",
    "0x10",
    "1e999",
    "1e-400",
    "0,5",
    "1.234,5",
    "50%",
  ],
  ...[
    "Infinity",
    "-Infinity",
    "99999999999999999999",
    "true",
    "HP",
    "ssa",
    "train",
    "val",
    "tset",
    "other",
    "all",
    "2",
  ],
  ...[
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x\\a.png",
    "images/a.png",
    "A.PNG",
    "a",
    "a.jpg",
    "a.png/b",
    ".",
    "..",
    "con.png",
  ],
  ...[
    '"',
    '""',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "a\nb",
    '"a',
    'a"',
    '"a"b',
    "=1+1",
    "@x",
    "sep=;",
    "#",
    "\\",
    "%00",
  ],
  ...[
    "\uFEFF",
    "\uFFFD",
    "\u200b",
    "\u202e",
    "grün",
    "gru\u0308n",
    "組織",
    "🙂",
    "\ud800",
    "\u0000",
    "\u0085",
    "\u2028",
    "é".normalize("NFD"),
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "length",
    "x".repeat(300),
    "9".repeat(400),
    "y".repeat(70_000),
    `1${" ".repeat(70_000)}x`,
    `${"9".repeat(70_000)}x`,
  ],
] as const;

const HEADERS = [
  "",
  "image",
  "label",
  "Label",
  "score",
  "probability",
  "partition",
  "fold",
  "votes",
  "id",
  "site",
  `selected${" ".repeat(40_000)}x (out of 7)`,
  `a${" s_".repeat(20_000)}`,
  "__proto__",
];

type CellMutation = (cells: Cells, random: Random) => void;

const anyRow = (cells: Cells, random: Random) => cells[random.integer(cells.length)] ?? [];

const CELL_MUTATIONS: Readonly<Record<string, CellMutation>> = {
  field: (cells, random) => {
    const row = anyRow(cells, random);
    row[random.integer(Math.max(1, row.length))] = random.pick(FIELDS);
  },
  column: (cells, random) => {
    const [at, value] = [random.integer(cells[0]?.length || 1), random.pick(FIELDS)];
    for (const row of cells.slice(1)) row[at] = value;
  },
  header: (cells, random) => {
    const header = cells[0] ?? [];
    header[random.integer(Math.max(1, header.length))] = random.pick(HEADERS);
  },
  noHeader: (cells) => void cells.shift(),
  shortRow: (cells, random) => void anyRow(cells, random).pop(),
  longRow: (cells, random) => void anyRow(cells, random).push(random.pick(FIELDS)),
  repeatedRow: (cells, random) => void cells.push([...anyRow(cells, random)]),
  repeatedColumn: (cells, random) => {
    const at = random.integer(cells[0]?.length || 1);
    for (const row of cells) row.push(row[at] ?? "");
  },
  dropColumn: (cells, random) => {
    const at = random.integer(cells[0]?.length || 1);
    for (const row of cells) row.splice(at, 1);
  },
  dropRows: (cells, random) => void cells.splice(random.integer(cells.length), 1 + random.integer(cells.length)),
  swapRows: (cells, random) => {
    const [a, b] = [random.integer(cells.length), random.integer(cells.length)];
    [cells[a], cells[b]] = [cells[b] ?? [], cells[a] ?? []];
  },
  emptyRow: (cells, random) => void cells.splice(random.integer(cells.length + 1), 0, []),
  manyRows: (cells, random) => {
    const row = anyRow(cells, random);
    const count = row.join("").length < 1000 ? 3000 : 30;
    for (let i = 0; i < count; i++) cells.push([...row]);
  },
  manyColumns: (cells) => {
    for (const [i, row] of cells.entries()) for (let at = 0; at < 300; at++) row.push(i === 0 ? `c${at}` : "1");
  },
};

type ByteMutation = (bytes: Buffer, random: Random) => Buffer;

const spliced = (bytes: Buffer, at: number, remove: number, insert: Buffer = Buffer.alloc(0)) =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

const BYTE_MUTATIONS: Readonly<Record<string, ByteMutation>> = {
  cut: (bytes, random) => bytes.subarray(0, random.integer(bytes.length + 1)),
  flip: (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let i = 0; i < 1 + random.integer(8) && copy.length > 0; i++) {
      const at = random.integer(copy.length);
      copy[at] = (copy[at] as number) ^ (1 << random.integer(8));
    }
    return copy;
  },
  insert: (bytes, random) => {
    const what = Buffer.from(Array.from({ length: 1 + random.integer(6) }, () => random.integer(256)));
    return spliced(bytes, random.integer(bytes.length + 1), 0, what);
  },
  mark: (bytes, random) =>
    spliced(
      bytes,
      random.integer(bytes.length + 1),
      0,
      Buffer.from(random.pick(['"', ",", ";", "\n", "\r", "\t", "\0"])),
    ),
  remove: (bytes, random) => spliced(bytes, random.integer(bytes.length + 1), random.integer(20)),
  repeat: (bytes, random) => {
    const [from, length] = [random.integer(bytes.length + 1), random.integer(80)];
    return spliced(bytes, random.integer(bytes.length + 1), 0, bytes.subarray(from, from + length));
  },
  latin1: (bytes) => Buffer.from(bytes.toString("utf8"), "latin1"),
  utf16: (bytes) => Buffer.from(`\uFEFF${bytes.toString("utf8")}`, "utf16le"),
  utf16Big: (bytes) => Buffer.from(`\uFEFF${bytes.toString("utf8").slice(0, 5000)}`, "utf16le").swap16(),
  byteOrderMark: (bytes) => Buffer.concat([Buffer.from("\uFEFF"), bytes]),
  excel: (bytes) => Buffer.concat([Buffer.from("sep=;\r\n"), bytes]),
  zip: (bytes) => Buffer.concat([Buffer.from("PK\u0003\u0004"), bytes]),
  noise: (_bytes, random) => Buffer.from(Array.from({ length: random.integer(400) }, () => random.integer(256))),
};

/** A table and how it was made. */
interface MutatedTable {
  readonly bytes: Buffer;
  readonly story: string;
}

/** Draws a table with one to four things wrong. */
export function mutatedTable(random: Random): MutatedTable {
  const base = random.integer(BASES.length);
  const cells = (BASES[base] as () => Cells)();
  const story = [`base ${base}`];
  for (let i = random.integer(4); i > 0; i--) {
    const name = random.pick(Object.keys(CELL_MUTATIONS));
    (CELL_MUTATIONS[name] as CellMutation)(cells, random);
    story.push(name);
  }
  const [delimiter, end] = [random.pick([",", ",", ";", "\t"]), random.pick(["\n", "\n", "\r\n", "\r"])];
  const quoted = random.chance(0.8);
  const field = (text = "") => (quoted && /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  let bytes: Buffer = Buffer.from(cells.map((row) => row.map(field).join(delimiter)).join(end));
  for (let i = random.integer(3); i > 0; i--) {
    const name = random.pick(Object.keys(BYTE_MUTATIONS));
    bytes = (BYTE_MUTATIONS[name] as ByteMutation)(bytes, random);
    story.push(name);
  }
  return { bytes, story: story.join(", ") };
}
