/** @module The list of checksums holds whole lines, whatever ended the process that wrote it. */
import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseChecksums } from "../../../src/tracking/client/artifact-client";
import { Mlflow } from "../../../src/tracking/client/mlflow";
import { SpoolChecksums } from "../../../src/tracking/spool/spool-checksums";
import { SpoolDirectory } from "../../../src/tracking/spool/spool-directory";
import { temporaryDirectory } from "../../support/temporary-directory";

const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];

test("a line that a kill has cut off takes no other with it, and names no file", async (context) => {
  const spool = new SpoolDirectory(await temporaryDirectory(context));
  const client = new Mlflow("http://127.0.0.1:9");
  context.after(() => client.close());
  await new SpoolChecksums(spool, client).add("größe.txt", one);
  for (const cut of [`${two}  mod`, two.slice(0, 20), ""]) {
    await appendFile(spool.checksums, cut);
    const checksums = new SpoolChecksums(spool, client);
    assert.equal(await checksums.count(), cut === "" ? 3 : 1 + Number(cut.length < 64));
    await checksums.add(`model-${cut.length}.bin`, two);
  }
  const list = parseChecksums(await readFile(spool.checksums, "utf8"));
  assert.deepEqual([...list.keys()], ["größe.txt", "model-69.bin", "model-20.bin", "model-0.bin"]);
  assert.equal(list.get("model-69.bin"), two);
  await new SpoolChecksums(spool, client).add("last.txt", three);
  assert.equal((await readFile(spool.checksums, "utf8")).split("\n").length, 6);
});
