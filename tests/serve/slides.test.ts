import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { createHandler } from "../../serve/lambda/handler";
import { failureOf } from "../../serve/server/slides/failures";
import { SlideJobs } from "../../serve/server/slides/index";
import { SlideView } from "../../serve/server/slides/slide-view";
import { writeModel } from "../support/served-model";
import { fill, picture, writeSlide } from "../support/slide-files";
import { type Answer, childrenOf, familiarNoise, serveSlides, viewProcesses } from "../support/slide-server";
import { temporaryDirectory } from "../support/temporary-directory";

test("a slide of the image source is predicted in the background; then it has a summary, files, a map and a picture", async (t) => {
  const { server, ask, post, ended } = await serveSlides(t);
  assert.deepEqual((await ask("/slides")).body, { slides: ["a.tif"], jobs: [] });
  const started = await post({ slide: "a.tif", mpp: 0.5 });
  assert.equal(started.status, 202);
  assert.equal(started.headers.get("location"), `/slides/${started.body.id}`);
  const { id } = started.body;
  const job = await ended(id);
  assert.equal(job.status, "done", JSON.stringify(job));
  assert.deepEqual([job.done, job.total, job.summary.tissueTiles], [352, 352, 352]);
  for (const file of job.files) assert.equal((await fetch(server.url + file)).status, 200, file);
  const { body: map } = await ask(job.map);
  assert.deepEqual([map.width, map.height, map.levels, map.x.length], [700, 500, 3, 352]);
  const tile = await fetch(`${server.url}/slides/${id}/tiles/1/1/0`);
  assert.equal(tile.headers.get("content-type"), "image/jpeg");
  const { width, height } = await sharp(Buffer.from(await tile.arrayBuffer())).metadata();
  assert.deepEqual([width, height], [350 - 256, 250]);
  for (const wrong of ["tiles/1/2/0", "tiles/9/0/0", "tiles/x/0/0", "files/answers.jsonl", "files/..%2Fmodel.json"]) {
    assert.equal((await fetch(`${server.url}/slides/${id}/${wrong}`)).status, 404, wrong);
  }
});

test("a slide that looks unlike the model's training tiles has a remark, and their share", async (t) => {
  const { post, ended } = await serveSlides(t, {}, { familiar: familiarNoise() });
  const { id } = (await post({ slide: "a.tif", mpp: 0.5 })).body;
  const { unlikeTraining, remarks } = (await ended(id)).summary;
  assert.deepEqual([unlikeTraining.sampledTiles, unlikeTraining.share], [40, 1]);
  assert.match(remarks.join(), /^40 of 40 sampled tiles look unlike the tiles that the model was trained on/);
});

test("no process that reads a slide has the server's keys", {
  skip: process.platform !== "linux" && "environments are read from /proc",
}, async (t) => {
  process.env.HISTO_API_KEYS = "a-secret-of-the-server";
  const { ask, post, ended } = await serveSlides(t);
  const { id } = (await post({ slide: "a.tif", mpp: 0.5 })).body;
  const environments: string[] = [];
  const look = async (pid: number): Promise<void> => {
    for (const child of await childrenOf(pid)) {
      environments.push(await readFile(`/proc/${child}/environ`, "utf8").catch(() => ""));
      await look(child);
    }
  };
  let isOver = false;
  const end = ended(id).finally(() => {
    isOver = true;
  });
  while (!isOver) await look(process.pid);
  assert.equal((await end).status, "done");
  assert.equal((await ask(`/slides/${id}/map`)).status, 200);
  const viewers = await viewProcesses();
  for (const viewer of viewers) environments.push(await readFile(`/proc/${viewer}/environ`, "utf8"));
  assert.equal(viewers.length, 1);
  // The model's worker, the slide's process and its own worker, many times; once the viewer's.
  assert.ok(environments.filter((text) => text.includes("PATH=")).length > 3);
  assert.deepEqual(
    environments.filter((text) => text.includes("a-secret-of-the-server")),
    [],
  );
});

test("only slides of the source can be asked for, and only so many", async (t) => {
  const { directory, images, post, ask } = await serveSlides(t, { slides: { queue: 1, bytes: 1000 } });
  await writeFile(join(directory, "secret.svs"), "outside");
  await symlink(join(directory, "secret.svs"), join(images, "link.svs"));
  const cases: [object, number, string][] = [
    [{ slide: "../secret.svs" }, 400, "IMAGE_NAME_INVALID"],
    [{ slide: "/etc/passwd" }, 400, "IMAGE_NAME_INVALID"],
    [{ slide: "link.svs" }, 404, "IMAGE_NOT_FOUND"],
    [{ slide: "none.svs" }, 404, "IMAGE_NOT_FOUND"],
    [{ slide: "none.webp" }, 404, "IMAGE_NOT_FOUND"],
    [{ slide: "a.tif", mpp: -1 }, 400, "FIELD_INVALID"],
    [{ slide: 7 }, 400, "FIELD_INVALID"],
    [{ slide: "a.tif", model: "wide" }, 400, "FIELD_INVALID"],
    [{ slide: "a.tif" }, 413, "IMAGE_TOO_LARGE"],
  ];
  for (const [body, status, code] of cases) {
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
  }
  await writeFile(join(images, "small.svs"), "no slide");
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await post({ slide: "small.svs" }));
  assert.ok(answers.some(({ status, body }) => status === 503 && body.code === "QUEUE_FULL"));
  assert.equal((await ask("/slides/none")).body.code, "SLIDE_NOT_FOUND");
});

test("a slide that cannot be read says why, without paths; one can be cancelled", async (t) => {
  const { directory, images, ask, post, ended } = await serveSlides(t);
  await writeFile(join(images, "broken.tif"), "II*\0 and no more than that");
  const broken = await ended((await post({ slide: "broken.tif", mpp: 0.5 })).body.id);
  assert.equal(broken.status, "failed");
  assert.equal(broken.problem.code, "SLIDE_CORRUPT");
  assert.ok(!JSON.stringify(broken).includes(directory));
  const unscaled = await ended((await post({ slide: "a.tif" })).body.id);
  assert.equal(unscaled.problem.code, "SLIDE_MODEL_SCALE");
  const { id } = (await post({ slide: "a.tif", mpp: 0.5 })).body;
  const { body } = await ask(`/slides/${id}/cancel`, { method: "POST" });
  assert.equal(body.status, "cancelled");
  assert.equal((await ask(`/slides/${id}/map`)).body.code, "SLIDE_FILE_NOT_FOUND");
});

test("a slide that was removed has its results, but no picture; a map without a slide is no fault", async (t) => {
  const { images, ask, post, ended } = await serveSlides(t);
  const { id } = (await post({ slide: "a.tif", mpp: 0.5 })).body;
  assert.equal((await ended(id)).status, "done");
  await rename(join(images, "a.tif"), join(images, "b.tif"));
  for (const path of ["map", "tiles/0/0/0"]) {
    const { status, body } = await ask(`/slides/${id}/${path}`);
    assert.deepEqual([status, body.code], [404, "IMAGE_NOT_FOUND"]);
  }
  assert.equal((await ask(`/slides/${id}/files/slide.json`)).body.tissueTiles, 352);
});

test("a server without a place for results says so and goes on; with one, it removes what killed servers left", async (t) => {
  const { directory, post, ended } = await serveSlides(t);
  const { TMPDIR } = process.env;
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  const place = join(directory, "place");
  process.env.TMPDIR = place;
  const { problem } = await ended((await post({ slide: "a.tif", mpp: 0.5 })).body.id);
  assert.equal(problem.code, "SLIDE_FAILED");
  // Of a process that is gone, of one that had this process's id (in another container, say), and of one that lives.
  const { pid: gone } = spawnSync("true");
  const left = [gone, process.pid, process.ppid].map((pid) => ({ pid, folder: join(place, `histo-slides-${pid}`) }));
  const old = new Date(Date.now() - 600_000);
  for (const { pid, folder } of left) {
    await mkdir(folder, { recursive: true });
    const lock = join(folder, `server.${hostname()}.${pid}.0123abcd`);
    await writeFile(lock, "");
    if (pid !== process.ppid) await utimes(lock, old, old);
    await utimes(folder, old, old);
  }
  assert.equal((await ended((await post({ slide: "a.tif", mpp: 0.5 })).body.id)).status, "done");
  assert.deepEqual(
    left.map(({ folder }) => existsSync(folder)),
    [false, false, true],
  );
});

test("slides that fail, as where no process can be started, take no place of results; then the next is predicted", async (t) => {
  const { post, ended, ask } = await serveSlides(t);
  const { id } = (await post({ slide: "a.tif", mpp: 0.5 })).body;
  assert.equal((await ended(id)).status, "done");
  // Viewers have a process, too, which could not be started later.
  assert.equal((await ask(`/slides/${id}/map`)).status, 200);
  const { execPath } = process;
  t.after(() => {
    process.execPath = execPath;
  });
  const first = [];
  for (let i = 0; i < 20; i++) {
    process.execPath = ["/nowhere/node", "no\0path"][i % 2] as string;
    const { problem, id } = await ended((await post({ slide: "a.tif", mpp: 0.5 })).body.id);
    assert.equal(problem.code, "SLIDE_FAILED", process.execPath);
    first.push(id);
  }
  assert.equal((await ask(`/slides/${first[0]}`)).status, 404);
  assert.equal((await ask(`/slides/${id}/map`)).status, 200);
  process.execPath = execPath;
  assert.equal((await ended((await post({ slide: "a.tif", mpp: 0.5 })).body.id)).status, "done");
});

test("the server's --bit-depth holds for slides", async (t) => {
  const { images, post, ended } = await serveSlides(t, { engine: { bitDepth: 12 } });
  const whole = picture(320, 96);
  await writeSlide(join(images, "eight.tif"), [whole], { deflate: true });
  await writeSlide(join(images, "twelve.tif"), [whole], { bits: 12 });
  const [eight, twelve] = await Promise.all(
    ["eight.tif", "twelve.tif"].map(async (slide) => ended((await post({ slide, mpp: 0.5 })).body.id)),
  );
  assert.equal(twelve.summary.meanProbability, eight.summary.meanProbability);
});

test("why a slide failed is said in numbers, with fields of a request and without options of the command or paths", async (t) => {
  const { directory, images, post, ended } = await serveSlides(t);
  const glass = picture(400, 300);
  fill(glass, [0, 0, 400, 300], [240, 241, 240]);
  await writeSlide(join(images, "glass.tif"), [glass]);
  await writeSlide(join(images, "twelve.tif"), [picture(400, 300)], { bits: 12 });
  await writeSlide(join(images, "bare.tif"), [picture(400, 300)], { density: 1 });
  const cases: [order: object, code: string, detail: string][] = [
    [{ slide: "glass.tif", mpp: 0.5 }, "SLIDE_NO_TISSUE", "glass.tif shows no tissue."],
    [
      { slide: "twelve.tif", mpp: 0.5 },
      "SLIDE_NO_TISSUE",
      "twelve.tif is nearly black, so that no tissue is found; if its 16-bit values use fewer bits, the server has to be started with their number.",
    ],
    [
      { slide: "bare.tif", mpp: 0.5 },
      "SLIDE_SCALE_MISSING",
      "bare.tif does not give its scale (micrometres per pixel): it says 10000 micrometres per pixel, which is impossible; send slide_mpp, such as 0.25.",
    ],
    [
      { slide: "a.tif" },
      "SLIDE_MODEL_SCALE",
      "mlp does not give the scale of its tiles (micrometres per pixel); send mpp, such as 0.5.",
    ],
    [
      { slide: "a.tif", mpp: 90, slide_mpp: 0.1 },
      "SLIDE_TILE_TOO_LARGE",
      "a.tif: a tile of the model has 14400 x 14400 pixels of the level it is read from, at most 8192 are possible; check the scales (mpp, slide_mpp).",
    ],
  ];
  for (const [order, code, detail] of cases) {
    const { problem } = await ended((await post(order)).body.id);
    assert.deepEqual(problem, { code, detail });
    assert.ok(!problem.detail.includes(directory));
  }
});

test("paths of the server are not passed on", () => {
  const names = [
    ["/results/1", "the server's folder"],
    ["/slides/a.tif", "a.tif"],
  ] as const;
  const { problem } = failureOf("NEW", "/slides/a.tif does not fit into /results/1/x.", names);
  assert.equal(problem.detail, "a.tif does not fit into the server's folder/x.");
});

test("the map has the readable tiles, each on its side of the threshold", async (t) => {
  const folder = await temporaryDirectory(t);
  const slide = await writeSlide(join(folder, "a.tif"), [picture(100, 80)]);
  const model = { classes: ["a", 'b, "c"'], threshold: 0.5 };
  const tile = { extent: 32, overlap: 0.25 };
  await writeFile(join(folder, "slide.json"), JSON.stringify({ slide: "a.tif", tile, model }));
  const head = "column,row,x,y,width,height,qupath_x,qupath_y,tissue,logit,probability,predicted_class,threshold";
  const rows = [
    '0,0,0,0,32,32,0,0,1,-0.00004,0.49999,"a",0.5',
    '1,0,32,0,32,32,0,0,1,0.5,0.62245933,"b, ""c""",0.5',
    "2,0,64,0,32,32,0,0,1,,,,",
  ];
  await writeFile(join(folder, "tiles.csv"), `${[head, ...rows].join("\n")}\n`);
  const view = await SlideView.open(slide, folder, {}, { signal: t.signal });
  const { x, y, probability, extent, step } = (await view.map()) as Answer;
  assert.deepEqual({ x, y, probability }, { x: [0, 32], y: [0, 0], probability: [0.49999, 0.6225] });
  assert.deepEqual([extent, step], [32, 24]);
});

test("Lambda says that it does no slides, and what does", async (t) => {
  const directory = await temporaryDirectory(t);
  const handler = await createHandler({ models: [await writeModel(join(directory, "model"))] });
  const http = { method: "POST", path: "/slides", sourceIp: "127.0.0.1" };
  const body = JSON.stringify({ slide: "a.svs" });
  const headers = { "content-type": "application/json" };
  const event = { version: "2.0", rawPath: "/slides", rawQueryString: "", requestContext: { http }, headers, body };
  const answer = (await handler(event as never, 10_000)) as Answer;
  assert.equal(answer.statusCode, 501);
  assert.match(answer.body, /histo slide.*batch job/);
});

test("no slide that waits is begun when the server stops", async (t) => {
  const path = join(await temporaryDirectory(t), "a.svs");
  await writeFile(path, "no slide");
  let begun = 0;
  const models = new Map([["mlp", "nowhere"]]);
  models.get = () => {
    begun++;
    return "nowhere";
  };
  const source = { locate: async () => path, slides: async () => ["a.svs"] };
  const jobs = new SlideJobs(source as unknown as ConstructorParameters<typeof SlideJobs>[0], models);
  for (let i = 0; i < 3; i++) await jobs.start({ slide: "a.svs", model: "mlp" });
  await jobs.close();
  assert.equal(begun, 1);
});
