/** The process of OpenSlide's reader after a crash, with a program in its place that writes the same messages. */
import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { findOpenSlide } from "../../src/slide/openslide/install";
import { OpenSlideReader } from "../../src/slide/openslide/openslide-reader";
import { temporaryDirectory } from "../support/temporary-directory";

/**
 * Adds its process id to SLIDE.started, and gives every region grey pixels; of one that is 99 pixels wide, it ends after half of its
 * pixels, which are black.
 */
const PROGRAM = `#!${process.execPath}
const { appendFileSync } = require("node:fs");
appendFileSync(process.argv[3] + ".started", process.pid + "\\n");
const json = Buffer.from(JSON.stringify({ levels: [{ width: 64, height: 64, downsample: 1 }], properties: {}, profile: "" }));
const put = (number) => { const four = Buffer.alloc(4); four.writeUInt32LE(number); process.stdout.write(four); };
put(json.length);
process.stdout.write(json);
let input = Buffer.alloc(0);
process.stdin.on("data", (data) => {
  for (input = Buffer.concat([input, data]); input.length >= 28; input = input.subarray(28)) {
    put(0);
    if (input.readInt32LE(20) === 99) return void process.stdout.write(Buffer.alloc(99 * 20), () => process.exit(1));
    process.stdout.write(Buffer.alloc(3 * input.readInt32LE(20) * input.readInt32LE(24), 128));
  }
});
`;

const region = { x: 0, y: 0, width: 4, height: 4 };

async function openReader(t: TestContext, patienceMs?: number) {
  const directory = await temporaryDirectory(t);
  process.env.HISTO_CACHE = directory;
  await writeProgram(directory);
  const slide = join(directory, "slide.ndpi");
  const reader = await OpenSlideReader.open(slide, "it is a test", patienceMs);
  t.after(() => reader.close());
  const started = async () => (await readFile(`${slide}.started`, "utf8")).trim().split("\n").map(Number);
  return { reader, started };
}

/** Where the installed program is looked for. */
async function writeProgram(cache: string): Promise<void> {
  const folder = join(cache, "openslide-4.0.1.2-ends");
  await mkdir(join(folder, "openslide_bin"), { recursive: true });
  await writeFile(join(folder, "openslide_bin", "libopenslide.so.1"), "");
  await writeFile(join(folder, "openslide-reader"), PROGRAM);
  await chmod(join(folder, "openslide-reader"), 0o755);
  const found = await findOpenSlide();
  assert.equal(found && dirname(found.program), folder);
}

test("regions that are read at the same time after a crash share one new process", async (t) => {
  const { reader, started } = await openReader(t);
  process.kill(reader.pid as number, "SIGKILL");
  const [lost] = await reader.readRegions(0, [region]);
  assert.ok(lost instanceof Error);
  const read = await Promise.all(Array.from({ length: 8 }, () => reader.readRegions(0, [region])));
  for (const [image] of read) assert.ok(image && !(image instanceof Error) && image.data[0] === 128);
  assert.equal((await started()).length, 2);
});

test("a closed reader starts no process for the regions that were still to be read", async (t) => {
  const { reader, started } = await openReader(t);
  const reading = reader.readRegions(0, Array(100).fill(region));
  await reader.close();
  const images = await reading;
  assert.ok(images.at(-1) instanceof Error);
  assert.equal((await started()).length, 1);
});

test("half an answer before a crash is not taken for the answer to the next region", async (t) => {
  const { reader } = await openReader(t);
  const halved = { ...region, width: 99, height: 40 };
  const images = await Promise.all([halved, region].map((one) => reader.readRegions(0, [one])));
  for (const [image] of images) assert.match((image as Error).message, /has crashed on it \(exit status 1\)/);
  const [[image]] = [await reader.readRegions(0, [region])];
  assert.ok(image && !(image instanceof Error) && image.data.every((value) => value === 128));
});

test("a process that does not answer is ended: an error of the region, and the next one is read", async (t) => {
  const { reader, started } = await openReader(t, 4000);
  const hung = reader.pid as number;
  process.kill(hung, "SIGSTOP");
  const [lost, read] = await reader.readRegions(0, [region, region]);
  assert.match((lost as Error).message, /slide\.ndpi: OpenSlide has not answered for 4 seconds/);
  assert.ok(read && !(read instanceof Error) && read.data[0] === 128);
  assert.equal((await started()).length, 2);
  assert.throws(() => process.kill(hung, 0), { code: "ESRCH" });
});
