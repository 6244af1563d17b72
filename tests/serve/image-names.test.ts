/** Which names of images can be asked for: those of real patches, and none that leads anywhere else. */
import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FolderImages, openImages } from "../../serve/core/index";
import { startServer } from "../../serve/server/index";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const ORDINARY = [
  "tile (1).png",
  "patch_x=1024,y=2048.png",
  "Größe_Ärzte.png",
  "組織 №3.png",
  "[2] d'après+copie & co;#1.png",
  "slide-7/(x)/a@40x.png",
];

/** A data set of these names: `labels.csv` and the files. */
async function dataSetOf(t: TestContext, names: readonly string[]): Promise<string> {
  const directory = join(await temporaryDirectory(t), "patches");
  for (const [i, name] of names.entries()) {
    await mkdir(join(directory, name, ".."), { recursive: true });
    await writeFile(join(directory, name), await tile(i));
  }
  const rows = names.map((name, i) => `"${name.replaceAll('"', '""')}",${i % 2 ? "HP" : "SSA"},train`);
  await writeFile(join(directory, "labels.csv"), `${["image,label,partition", ...rows].join("\n")}\n`);
  return directory;
}

test("every image that is listed can be shown and asked for by its name", async (t) => {
  const images = await dataSetOf(t, ORDINARY);
  const server = await startServer({ models: [await writeModel(join(images, "..", "model"))], images, port: 0 });
  t.after(() => server.close());
  const listed = (await (await fetch(`${server.url}/images`)).json()).images as { name: string }[];
  assert.deepEqual(listed.map(({ name }) => name).sort(), [...ORDINARY].sort());
  for (const { name } of listed) {
    const path = name.split("/").map(encodeURIComponent).join("/");
    assert.equal((await fetch(`${server.url}/images/${path}`)).status, 200, name);
    const answer = await fetch(`${server.url}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ image_filename: name }),
    });
    assert.equal(answer.status, 200, name);
    assert.equal((await answer.json()).image_filename, name);
  }
});

test("a name that may mean several images is refused, and they are named", async (t) => {
  const images = await FolderImages.open(await dataSetOf(t, ["a.png", "s1/b.png", "s2/b.png", "Größe.png"]));
  await assert.rejects(images.read("b.png"), {
    code: "IMAGE_NAME_AMBIGUOUS",
    status: 400,
    message: "The name matches several images: s1/b.png, s2/b.png.",
  });
  const exact = await images.read("s1/b.png");
  for (const name of ["S1/B.PNG", "s1\\b", "set/s1/b.jpg"]) assert.deepEqual(await images.read(name), exact, name);
  assert.deepEqual(await images.read("Größe".normalize("NFD")), await images.read("Größe.png"));
  await assert.rejects(images.read("c.png"), { code: "IMAGE_NOT_FOUND" });
});

test("a label table's images that cannot be asked for are not listed, but counted", async (t) => {
  const images = await openImages(await dataSetOf(t, ["a.png", "50%.png", "what?.png"]));
  t.after(() => images.close());
  assert.deepEqual(
    (await images.list()).map(({ name }) => name),
    ["a.png"],
  );
  assert.deepEqual([...(images.unlisted ?? [])].sort(), ["50%.png", "what?.png"]);
  const all: string[] = [];
  for await (const name of images.names()) all.push(name);
  assert.equal(all.length, 3, "a program that goes through all says which it cannot read");
});

test("images whose label table cannot be used are served without labels, and why is said", async (t) => {
  const directory = await dataSetOf(t, ["a.png", "b.png", "c.png"]);
  await writeFile(join(directory, "labels.csv"), "image,label\na.png,TUM\nb.png,STR\nc.png,LYM\n");
  const images = await openImages(directory);
  t.after(() => images.close());
  assert.deepEqual(
    (await images.list()).map(({ name }) => name),
    ["a.png", "b.png", "c.png"],
  );
  assert.match(images.unlabelled ?? "", /labels\.csv, .* has 3 classes/);
});

test("a folder that went away, such as an unmounted one, is unavailable and no fault of the server", async (t) => {
  const directory = await dataSetOf(t, ["a.png"]);
  const images = await FolderImages.open(directory);
  await rm(directory, { recursive: true });
  await assert.rejects(images.list(), { code: "IMAGE_SOURCE_UNAVAILABLE" });
  await assert.rejects(images.slides(), { code: "IMAGE_SOURCE_UNAVAILABLE" });
});

test("neither a file nor nothing is a folder of images", async (t) => {
  const directory = await dataSetOf(t, ["a.png"]);
  for (const name of ["a.png", "missing"]) {
    await assert.rejects(openImages(join(directory, name)), { code: "IMAGES_MISSING", exitStatus: 2 });
  }
});

test("names that could mean something else are none", async (t) => {
  const images = await FolderImages.open(await temporaryDirectory(t));
  for (const name of [
    "../a.png",
    "a/../b.png",
    "a/./b.png",
    "a//b.png",
    "/a.png",
    "..\\a.png",
    "C:a.png",
    "a.png:b.png",
    "a\n.png",
    "a\u0085.png",
    "a\u2028.png",
    "\u202Egnp.a.png",
    "a\uD800.png",
    "%2e%2e/a.png",
    ".a.png",
    "-a.png",
    "=1+1.png",
    " a.png",
    "a/b/c/d/e/f.png",
    `${"a".repeat(300)}.png`,
    "a.svg",
  ]) {
    await assert.rejects(images.read(name), { code: "IMAGE_NAME_INVALID" }, JSON.stringify(name));
  }
});
