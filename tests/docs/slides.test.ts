import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { histo } from "../support/histo";
import { writeModel } from "../support/served-model";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

test("the commands of docs/slides.md run as they stand there, on a folder with slides", async (t) => {
  const directory = await temporaryDirectory(t);
  const place = (word: string) =>
    /^(models|maps|slides|slide\.svs|slides\.csv)/.test(word) ? join(directory, word) : word;
  const whole = picture(256, 192);
  await mkdir(join(directory, "slides"));
  await writeSlide(join(directory, "slide.svs"), [whole, shrunk(whole, 2)]);
  for (const name of ["a", "b", "c"]) await writeSlide(join(directory, "slides", `${name}.tif`), [whole]);
  await writeFile(
    join(directory, "slides.csv"),
    "slide,label,partition\na,HP,validation\nb,SSA,validation\nc,SSA,test\n",
  );
  const model = await writeModel(join(directory, "exported"));
  const text = await readFile(join(projectRoot(), "docs", "slides.md"), "utf8");
  const blocks = [...text.matchAll(/```bash\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.trim().split("\n"));
  // Those through Redis are run by tests/slide/queue.slow.test.ts.
  const commands = blocks.filter((line) => !/--fetch-openslide|--redis/.test(line));
  assert.equal(commands.length, 6);
  for (const line of commands) {
    const words = line.replace("npx histo ", "").replace("RUN", `${model}-run/mlp`).split(" ").map(place);
    const extra = words[0] === "export" ? ["--no-track"] : [];
    const { status, stderr } = histo(...words, ...extra, "--quiet");
    assert.equal(status, 0, `${line}: ${stderr}`);
  }
  const named = [...text.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name = ""]) => name);
  assert.deepEqual(named.sort(), (await readdir(join(directory, "maps", "slide"))).sort());
});
