import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

/** The rooms of `src/`, lowest first: a room imports from those before it only. docs/architecture-tour.md explains them. */
const ROOMS = [
  ...["errors", "format", "machine", "progress", "queue", "random", "collections", "logits", "canvas", "eigen"],
  ...["files", "image", "onnx", "onnxruntime", "tensorflow", "models", "options", "tracking", "dataset", "runs"],
  ...["evaluation", "deployment", "model-directory", "card-page", "conversion", "compression", "export"],
  ...["plots", "backbones", "familiar", "shift", "inference", "explanation"],
  ...["report", "notebook", "slide", "training", "experiments", "search", "cli"],
];

interface Import {
  readonly from: string;
  readonly to: string;
  /** Imported when the program gets there: no circle at the time of loading. */
  readonly isLate: boolean;
  /** Gone once compiled. */
  readonly isType: boolean;
}

const source = join(projectRoot(), "src");
const filesOf = (folder: string) =>
  readdirSync(join(source, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name).replaceAll("\\", "/"));
const files = filesOf("");
const serving = ["core", "lambda", "server"].flatMap((folder) => filesOf(`../serve/${folder}`));
const known = new Set([...files, ...serving]);
const roomOf = (file: string) => file.split("/")[0] as string;

/** What a file imports of `src/` and `serve/`. */
function importsOf(from: string): Import[] {
  const text = readFileSync(join(source, from), "utf8");
  const found = [
    ...text.matchAll(/^(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"/gm),
    ...text.matchAll(/\bimport\("(\.[^"]+)"\)/g),
  ];
  return found.flatMap(([whole, specifier = ""]) => {
    const target = relative(source, resolve(source, dirname(from), specifier)).replaceAll("\\", "/");
    const to = target.replace(/(?:\.js)?$/, ".ts");
    return known.has(to)
      ? [{ from, to, isLate: whole.startsWith("import("), isType: /^(import|export) type/.test(whole) }]
      : [];
  });
}

/** Groups of files that import each other, directly or on a detour. */
function circles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to, isLate } of imports) if (!isLate) targets.set(from, [...(targets.get(from) ?? []), to]);
  const reached = new Map<string, Set<string>>();
  const reach = (file: string): Set<string> => {
    const before = reached.get(file);
    if (before) return before;
    const all = new Set<string>();
    const open = [...(targets.get(file) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (all.has(next)) continue;
      all.add(next);
      open.push(...(targets.get(next) ?? []));
    }
    reached.set(file, all);
    return all;
  };
  const circular = [...targets.keys()].filter((file) => reach(file).has(file));
  return circular.map((file) => [file, ...circular.filter((other) => other !== file && reach(other).has(file))]);
}

const all = files.flatMap(importsOf).filter(({ to }) => !serving.includes(to));
const crossing = all.filter(({ from, to }) => roomOf(from) !== roomOf(to));
const named = ({ from, to }: Import) => `${from} imports ${to}`;

test("every room has its place", () => {
  assert.deepEqual([...new Set(files.map(roomOf))].sort(), [...ROOMS].sort());
  assert.ok(crossing.length > 300, `${crossing.length} imports between rooms were found`);
});

test("rooms import each other through an index.ts", () => {
  assert.deepEqual(crossing.filter(({ to }) => !to.endsWith("/index.ts")).map(named), []);
});

test("no import points upwards", () => {
  const upwards = crossing.filter(({ from, to }) => ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(from)));
  assert.deepEqual(upwards.map(named), []);
});

test("no files import each other in a circle", () => {
  assert.deepEqual(circles([...known].flatMap(importsOf)), []);
});

/** The rooms that are loaded with the files. @param late also what they import while they run */
function roomsOf(first: readonly string[], late: boolean): Set<string> {
  const loaded = new Set(first);
  for (const file of loaded)
    for (const { to, isType, isLate } of importsOf(file)) if (!isType && (late || !isLate)) loaded.add(to);
  const rooms = new Set([...loaded].map(roomOf));
  assert.ok(rooms.has("inference") && rooms.has("model-directory"), [...rooms].join(", "));
  return rooms;
}

test("serving loads neither TensorFlow nor the exporter", () => {
  const rooms = roomsOf(serving, true);
  const heavy = ["tensorflow", "conversion", "compression", "export", "training", "notebook", "plots"];
  assert.deepEqual(
    heavy.filter((room) => rooms.has(room)),
    [],
  );
});

test("a slide's worker and the Lambda function start without metrics", () => {
  const starts = ["slide/worker-main.ts", "../serve/lambda/handler.ts"];
  const withMetrics = starts.filter((start) => roomsOf([start], false).has("evaluation"));
  assert.deepEqual(withMetrics, []);
});
