/**
 * Spoiled tables wherever tables are read: they are read, or refused by a message that names the file and says why. The sizes:
 * HISTO_FUZZ_TABLES (500 unless told), HISTO_FUZZ_SEED.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { openImages, Problem } from "../../serve/core/index";
import { loadDataset, packPixels, splitValidation } from "../../src/dataset/index";
import { HistoError, messageOf } from "../../src/errors/index";
import {
  binaryMetrics,
  type Prediction,
  readGroups,
  readPredictions,
  readScoredTable,
} from "../../src/evaluation/index";
import { namedImages, Predictor, predictFiles } from "../../src/inference/index";
import { Random } from "../../src/random/index";
import { texturePng, writeFiles } from "../support/data-sets";
import { histo } from "../support/histo";
import { mutatedTable, TABLE_IMAGES } from "../support/mutated-tables";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const COUNT = Number(process.env.HISTO_FUZZ_TABLES ?? 500);
const SEED = Number(process.env.HISTO_FUZZ_SEED ?? 1);
const LONGEST_SECONDS = 2;
const LONGEST_MESSAGE = 3000;

/** Every reason for which a table is refused. */
const REASONS = new Set([
  ...[
    "TABLE_EMPTY",
    "TABLE_NOT_TEXT",
    "TABLE_ENCODING",
    "TABLE_MALFORMED",
    "TABLE_COLUMN_MISSING",
    "TABLE_COLUMN_AMBIGUOUS",
  ],
  ...[
    "TABLE_FIELD_EMPTY",
    "TABLE_PARTITION_UNKNOWN",
    "TABLE_VOTES_RANGE",
    "TABLE_VOTES_TOTAL_UNKNOWN",
    "LABEL_LETTERS_LOST",
  ],
  ...[
    "DATA_IMAGES_MISSING",
    "DATA_NAME_UNSAFE",
    "DATA_NAME_AMBIGUOUS",
    "DATA_NAME_TWICE",
    "DATA_ONE_CLASS",
    "DATA_MANY_CLASSES",
  ],
  ...["DATA_PARTITION_EMPTY", "DATA_PARTITION_ONE_CLASS", "DATA_TOO_SMALL", "DATA_IMAGES_UNREADABLE"],
  ...[
    "METRICS_COLUMN",
    "METRICS_ROWS",
    "METRICS_CLASSES",
    "PREDICTIONS_UNREADABLE",
    "GROUPS_NO_IMAGE",
    "GROUPS_AMBIGUOUS",
  ],
  ...["IMAGE_UNSUPPORTED", "IMAGE_CORRUPT", "IMAGE_NOT_FOUND", "IMAGE_NAME_INVALID", "IMAGE_NAME_AMBIGUOUS"],
]);

/** What is wrong with an error as an answer to a person; undefined where nothing is. */
function complaint(error: unknown, table: string, content: Buffer): string | undefined {
  const message = messageOf(error);
  if (!(error instanceof HistoError || error instanceof Problem))
    return `a crash: ${error instanceof Error ? error.stack : message}`;
  if (!REASONS.has(error.code)) return `no known reason: ${error.code}, ${message.slice(0, 300)}`;
  const names = [basename(table), basename(join(table, ".."))];
  if (!(error instanceof Problem) && !names.some((name) => message.includes(name)))
    return `no file is named: ${message}`;
  if (message.length > LONGEST_MESSAGE) return `${message.length} characters: ${message.slice(0, 300)}`;
  const own = /undefined|NaN|\[object|null/.exec(message)?.[0];
  if (own !== undefined && !content.toString().includes(own) && !content.toString("utf16le").includes(own))
    return `unclear: ${message}`;
  return undefined;
}

test(`${COUNT} spoiled tables are read or refused clearly, within ${LONGEST_SECONDS} s each`, async (context) => {
  const folder = join(await temporaryDirectory(context), "set");
  process.env.HISTO_CACHE = join(folder, "..", "cache");
  for (const [i, name] of TABLE_IMAGES.entries())
    await writeFiles(folder, { [`images/${name}`]: await texturePng(i, 8) });
  const predictor = await Predictor.open(await writeModel(join(folder, "..", "model"), { size: 8 }));
  context.after(() => predictor.close());
  const table = join(folder, "labels.csv");
  const predictions: Prediction[] = TABLE_IMAGES.map((filename, i) => ({
    ...{ filename, label: (i % 2) as 0 | 1, logit: i - 4, probability: i / 8 },
  }));
  const random = new Random(SEED, "tables");
  const readers: Readonly<Record<string, () => Promise<unknown>>> = {
    "data pack": async () => {
      const dataset = await loadDataset(folder);
      const { store } = await packPixels(dataset, { size: 8 });
      store.close();
      return splitValidation(dataset, { seed: 0 });
    },
    "serve --images": async () => {
      const images = await openImages(folder);
      try {
        for (const { name } of (await images.list()).slice(0, 3)) await images.read(name);
      } finally {
        images.close();
      }
    },
    metrics: async () => {
      const { labels, scores, logits } = await readScoredTable(table);
      return binaryMetrics(labels, scores, { logits, interval: false });
    },
    "evaluate --groups": () => readGroups(table, random.pick(["site", "label", "class"]), predictions),
    "evaluate --run": () => readPredictions(table),
    predict: async () => {
      for await (const [answer] of predictFiles(predictor, (await namedImages([table])).images)) {
        // As `histo predict` says it.
        const failed = answer?.answer;
        if (failed instanceof HistoError) throw new HistoError(failed.code, `${answer?.filename}: ${failed.message}`);
      }
    },
  };
  const complaints: string[] = [];
  const counts = new Map<string, number>();
  let slowest = 0;
  for (let i = 0; i < COUNT; i++) {
    const { bytes, story } = mutatedTable(random);
    await writeFile(table, bytes);
    for (const [name, read] of Object.entries(readers)) {
      // Of the processor: others may use the machine. A wait without work would show on the clock.
      const before = process.cpuUsage();
      const started = performance.now();
      const error = await read().then(
        () => undefined,
        (error: unknown) => error ?? new Error("nothing"),
      );
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      const waited = (performance.now() - started) / 1000;
      slowest = Math.max(slowest, seconds);
      const key = `${name}: ${error === undefined ? "read" : ((error as HistoError).code ?? "crash")}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const wrong = error === undefined ? undefined : complaint(error, table, bytes);
      const isSlow = seconds > LONGEST_SECONDS || waited > 10 * LONGEST_SECONDS;
      const slow = isSlow ? `${seconds.toFixed(1)} s, ${waited.toFixed(1)} s on the clock` : undefined;
      if (wrong ?? slow) complaints.push(`table ${i} (${story}), ${name}: ${[wrong, slow].filter(Boolean).join("; ")}`);
    }
  }
  const lines = [...counts].sort().map(([key, count]) => `${key} ${count}`);
  context.diagnostic(`slowest ${slowest.toFixed(2)} s; ${lines.join(", ")}`);
  if (process.env.HISTO_FUZZ_OUT) {
    await mkdir(process.env.HISTO_FUZZ_OUT, { recursive: true });
    await writeFile(
      join(process.env.HISTO_FUZZ_OUT, "tables.txt"),
      [`slowest ${slowest}`, ...lines, ...complaints].join("\n"),
    );
  }
  assert.deepEqual(complaints.slice(0, 20), [], `${complaints.length} in all`);
});

test("the commands themselves say it in one line, with their exit status", async (context) => {
  const folder = join(await temporaryDirectory(context), "set");
  for (const [i, name] of TABLE_IMAGES.entries())
    await writeFiles(folder, { [`images/${name}`]: await texturePng(i, 8) });
  const random = new Random(SEED, "commands");
  for (let i = 0; i < 12; i++) {
    const { bytes, story } = mutatedTable(random);
    await writeFile(join(folder, "labels.csv"), bytes);
    for (const command of [
      ["data", "pack", "--quiet", "--data", folder],
      ["metrics", "--predictions", join(folder, "labels.csv")],
    ]) {
      const { status, stderr } = histo(...command);
      assert.ok(status === 0 || status === 2, `${story}: ${command[0]} ended with ${status}: ${stderr}`);
      if (status !== 0) assert.match(stderr, /^histo: [^\n]*set[^\n]*\n$/, story);
    }
  }
});
