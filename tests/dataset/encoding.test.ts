import assert from "node:assert/strict";
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { readScoredTable } from "../../src/evaluation/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const LABELS = "image,label\na.png,grün\nb.png,grän\nc.png,rot\n";

async function folderWith(context: TestContext, table: Uint8Array | string): Promise<string> {
  const images = { "a.png": "", "b.png": "", "c.png": "" };
  return writeFiles(await temporaryDirectory(context), { ...images, "labels.csv": table });
}

for (const [encoding, bytes] of Object.entries({
  "UTF-8": Buffer.from(LABELS),
  "UTF-8 with a byte order mark": Buffer.from(`\uFEFF${LABELS}`),
  "UTF-16": Buffer.from(`\uFEFF${LABELS}`, "utf16le"),
  "UTF-16, the high byte first": Buffer.from(`\uFEFF${LABELS}`, "utf16le").swap16(),
})) {
  test(`a table in ${encoding} keeps its letters`, async (context) => {
    const folder = await folderWith(context, bytes);
    await assert.rejects(loadDataset(folder), { code: "DATA_MANY_CLASSES", message: /"grän", "grün", "rot"/ });
    assert.deepEqual((await loadDataset(folder, { positive: "grün" })).classes, ["other", "grün"]);
  });
}

for (const [what, end] of Object.entries({ "line feeds": "\n", "Windows' line ends": "\r\n", "Mac's of old": "\r" })) {
  test(`a table in Windows-1252 is refused with the line (${what})`, async (context) => {
    const folder = await folderWith(context, Buffer.from(LABELS.replaceAll("\n", end), "latin1"));
    await assert.rejects(loadDataset(folder), {
      code: "TABLE_ENCODING",
      exitStatus: 2,
      message: /labels\.csv, line 2: not UTF-8 \("grün" if it is Windows-1252.*save it as CSV \(UTF-8\)/,
    });
  });
}

test("a table in UTF-16 that is cut off amid a letter is refused with the line", async (context) => {
  const folder = await folderWith(context, Buffer.from(`\uFEFF${LABELS}`, "utf16le").subarray(0, 51));
  await assert.rejects(loadDataset(folder), { code: "TABLE_ENCODING", message: /line 3: cut off or damaged/ });
});

test("labels whose letters another program lost are refused, not made one", async (context) => {
  const lost = LABELS.replace(/[üä]/g, "\uFFFD");
  const folder = await folderWith(context, lost);
  await assert.rejects(loadDataset(folder), { code: "LABEL_LETTERS_LOST", message: /labels\.csv.*"gr\uFFFDn"/ });
  const scores = join(folder, "scores.csv");
  await writeFile(scores, "label,score\nrot,0.1\ngr\uFFFDn,0.9\n");
  await assert.rejects(readScoredTable(scores), { code: "LABEL_LETTERS_LOST", message: /scores\.csv, line 3/ });
});

test("both Unicode forms of a label are one class", async (context) => {
  const folder = await folderWith(context, `image,label\na.png,${"grün".normalize("NFD")}\nb.png,grün\nc.png,rot\n`);
  const { classes, tiles } = await loadDataset(folder);
  assert.deepEqual(
    [classes.map((name) => name.normalize()), tiles.map(({ label }) => label)],
    [
      ["grün", "rot"],
      [0, 0, 1],
    ],
  );
});

test("a class folder whose name is not UTF-8 is named, not left out", async (context) => {
  const folder = await temporaryDirectory(context);
  for (const name of ["grün", "grän", "rot", "blau"]) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
    await mkdir(path);
    await writeFile(Buffer.concat([path, Buffer.from("/a.png")]), "");
  }
  await assert.rejects(loadDataset(folder), { code: "DATA_NAME_ENCODING", message: /"gr\uFFFDn" is not UTF-8/ });
});

test("a table that would not fit is refused before it is read", async (context) => {
  const folder = await folderWith(context, "");
  const file = await open(join(folder, "labels.csv"), "w");
  await file.truncate(2 ** 33);
  await file.close();
  await assert.rejects(loadDataset(folder), {
    code: "TABLE_TOO_LARGE",
    message: /labels\.csv has 8192 MiB; .* at most 256/,
  });
});
