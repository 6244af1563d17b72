/** @module Predicts every image of a folder or bucket prefix and writes a table: the program of the Fargate task. */
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { HistoError, InputError, messageOf } from "../../src/errors/index";
import { csvForeignText, writeFileAtomically } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import { isTrainedOnDrawnTiles } from "../../src/model-directory/index";
import { openImages, Problem } from "../core/index";

interface BatchOptions {
  readonly model: string;
  /** Folder, data set directory or `s3://bucket/prefix`. */
  readonly images: string;
  /** File or `s3://bucket/key` of the table. */
  readonly out: string;
}

const GROUP = 32;
const HEADER =
  "filename,logit,probability,predicted_class,threshold,error,in_distribution,warnings,trained_on_drawn_tiles";

/**
 * Writes {@link HEADER} and one row per image in the source's order, with warnings separated by spaces. The row of an
 * unreadable image has only its name and the error code. Writes the table at the end, in one piece.
 */
export async function predictAll({ model, images, out }: BatchOptions): Promise<{ images: number; failed: number }> {
  const object = objectOf(out);
  const [predictor, source] = [await Predictor.open(model), await openImages(images)];
  const drawn = isTrainedOnDrawnTiles(predictor.card) ?? "";
  const table = [Buffer.from(`${HEADER}\n`)];
  let count = 0;
  let failed = 0;
  try {
    for await (const group of groupsOf(source.names(), GROUP)) {
      const bytes = await Promise.all(group.map((name) => source.read(name).catch((error: Error) => error)));
      const readable = bytes.filter((item): item is Uint8Array => !(item instanceof Error));
      const answers = await predictor.predictBatch(readable);
      let next = 0;
      const rows = bytes.map((item, i) => {
        const answer = item instanceof Error ? item : (answers[next++] as (typeof answers)[number]);
        if (answer instanceof Error) failed++;
        return [...rowOf(group[i] as string, answer), drawn].join(",");
      });
      table.push(Buffer.from(`${rows.join("\n")}\n`));
      count += group.length;
    }
    if (object) await upload(object, Buffer.concat(table));
    else await writeFileAtomically(out, Buffer.concat(table));
    return { images: count, failed };
  } finally {
    source.close();
    await predictor.close();
  }
}

async function* groupsOf(names: AsyncIterable<string>, size: number): AsyncGenerator<string[]> {
  let group: string[] = [];
  for await (const name of names) {
    if (group.push(name) < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

type Answer = Exclude<Awaited<ReturnType<Predictor["predictBatch"]>>[number], Error>;

function rowOf(name: string, answer: Answer | Error): (string | number)[] {
  // Images whose names the source does not accept have a row too.
  const filename = csvForeignText(name);
  if (answer instanceof Error) return [filename, "", "", "", "", codeOf(answer), "", ""];
  const { logit, probability, predictedClass, threshold, inDistribution, warnings } = answer;
  return [
    filename,
    logit,
    probability,
    csvForeignText(predictedClass),
    threshold,
    "",
    inDistribution ?? "",
    warnings.join(" "),
  ];
}

function codeOf(error: Error): string {
  return error instanceof HistoError || error instanceof Problem ? error.code : "IMAGE_UNREADABLE";
}

interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
}

/** The object of `s3://bucket/key`; undefined for a file. @throws {InputError} `OUT_INVALID` */
function objectOf(out: string): S3Object | undefined {
  if (!out.startsWith("s3://")) return undefined;
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(out) ?? [];
  if (Bucket && Key) return { Bucket, Key };
  throw new InputError("OUT_INVALID", `${out} is not of the form s3://bucket/key.`);
}

async function upload(object: S3Object, table: Uint8Array): Promise<void> {
  const client = new S3Client({ forcePathStyle: !!process.env.AWS_ENDPOINT_URL_S3 });
  await client.send(new PutObjectCommand({ ...object, Body: table, ContentType: "text/csv" }));
}

async function main(): Promise<void> {
  const { HISTO_MODEL: model, HISTO_IMAGE_SOURCE: images, HISTO_PREDICTIONS: out } = process.env;
  if (!model || !images || !out) {
    throw new InputError("SETTING_MISSING", "Set HISTO_MODEL, HISTO_IMAGE_SOURCE and HISTO_PREDICTIONS.");
  }
  process.stdout.write(`${JSON.stringify({ ...(await predictAll({ model, images, out })), out })}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = error instanceof HistoError ? error.exitStatus : 1;
  });
}
