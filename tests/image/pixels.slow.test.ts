/**
 * Images in every form that tifffile, Pillow, imagecodecs and libvips write, against two independent readers. What comes out is
 * the table in docs/data.md; `HISTO_WRITE_DOCS=1` writes it anew.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp, { type Sharp } from "sharp";
import { HistoError } from "../../src/errors/index";
import { projectRoot, readJson, writeJson } from "../../src/files/index";
import { decodePixels } from "../../src/image/index";
import { texture } from "../support/data-sets";
import { pythonPath, withoutPython } from "../support/python";
import { pythonPackages } from "../support/python-packages";
import { temporaryDirectory } from "../support/temporary-directory";

interface Case {
  readonly file: string;
  readonly container: string;
  readonly axis: string;
  readonly value: string;
  /** Why each reader could not read it; null where it could. */
  readonly readers: readonly (string | null)[];
}

interface Outcome extends Case {
  /** Where ours is not what both readers give: the reason or the differences. */
  readonly refused?: string;
  /** Largest difference of each reader that could read it. */
  readonly differences: readonly (number | undefined)[];
}

/** A level for rounding; another where a profile is applied and then laid on white. */
const TOLERANCE = 2;

/** Files on which the two readers disagree: this project agrees with the second, which is right by the standard. */
const DISAGREEMENTS = [
  "tiff-bits-16-white-is-zero.tif",
  "tiff-planar-form-a-plane-each--small-strips--16-bits.tif",
  "tiff-planar-form-a-plane-each--strips--16-bits.tif",
];

test("pixels equal those of two independent readers, or the form is refused by name", {
  skip: withoutPython(),
}, async (t) => {
  const folder = await temporaryDirectory(t);
  await writeJson(join(folder, "more.json"), await writeWithVips(folder));
  runMatrix(folder);
  const cases = await readJson<Case[]>(join(folder, "cases.json"));
  assert.ok(cases.length > 250);
  const outcomes: Outcome[] = [];
  for (const each of cases) outcomes.push(await outcomeOf(folder, each));

  for (const { file, refused } of outcomes) {
    if (refused !== undefined) assert.match(refused, /^IMAGE_UNSUPPORTED .*; save (?:it|only the|the)/, file);
  }
  const read = outcomes.filter(({ refused }) => refused === undefined);
  for (const { file, differences, readers } of read) {
    assert.ok(readers.includes(null), `${file} is read here and by no reader`);
    if (DISAGREEMENTS.includes(file)) continue;
    const wrong = differences.some((difference) => difference !== undefined && difference > TOLERANCE);
    assert.ok(!wrong, `${file} differs from the readers by ${differences.join(" and ")}`);
  }
  const disagreeing = read.filter(
    ({ differences: [first = 0, second = 0] }) => first > TOLERANCE && second <= TOLERANCE,
  );
  assert.deepEqual(disagreeing.map(({ file }) => file).sort(), DISAGREEMENTS);
  await inDocumentation(tableOf(outcomes));
});

/** What libvips writes that the others do not. */
async function writeWithVips(folder: string): Promise<object[]> {
  const size = 48;
  const image = () => sharp(texture(5, size), { raw: { width: size, height: size, channels: 3 } });
  const files: [name: string, container: string, axis: string, value: string, image: Sharp][] = [
    ...[1, 2, 4].map((bitdepth) => {
      const written = image()
        .toColourspace("b-w")
        .tiff({ bitdepth, compression: "none" } as never);
      return [
        `vips-${bitdepth}.tif`,
        "TIFF",
        "written by libvips",
        bitdepth === 1 ? "1 bit" : `${bitdepth} bits`,
        written,
      ] as never;
    }),
    ["vips-jpeg.tif", "TIFF", "written by libvips", "JPEG", image().tiff({ compression: "jpeg", quality: 95 })],
    [
      "vips-tiles.tif",
      "TIFF",
      "written by libvips",
      "tiles",
      image().tiff({ tile: true, tileWidth: 16, tileHeight: 16 }),
    ],
    [
      "vips-pyramid.tif",
      "TIFF",
      "written by libvips",
      "pyramid",
      image().tiff({ tile: true, pyramid: true, tileWidth: 16, tileHeight: 16 }),
    ],
    [
      "vips-white.tif",
      "TIFF",
      "written by libvips",
      "white is zero",
      image().toColourspace("b-w").tiff({ miniswhite: true, compression: "lzw" }),
    ],
    [
      "vips-cmyk.tif",
      "TIFF",
      "colour profile",
      "of CMYK",
      image().withIccProfile("cmyk").toColourspace("cmyk").tiff({ compression: "lzw" }),
    ],
    ["vips-p3.tif", "TIFF", "colour profile", "Display P3", image().withIccProfile("p3").tiff({ compression: "lzw" })],
    ["vips-interlaced.png", "PNG", "file", "interlaced", image().png({ progressive: true })],
    [
      "vips-interlaced-16.png",
      "PNG",
      "file",
      "interlaced, 16 bits",
      image().toColourspace("rgb16").png({ progressive: true }),
    ],
    ["vips-palette.png", "PNG", "file", "palette with alpha", image().ensureAlpha(0.5).png({ palette: true })],
    ["vips-p3.png", "PNG", "colour profile", "Display P3", image().withIccProfile("p3").png()],
    [
      "vips-cmyk.jpg",
      "JPEG",
      "colour profile",
      "of CMYK",
      image().withIccProfile("cmyk").toColourspace("cmyk").jpeg({ quality: 100 }),
    ],
    ["vips-progressive.jpg", "JPEG", "file", "progressive, of mozjpeg", image().jpeg({ mozjpeg: true })],
    ["vips-near.webp", "WebP", "colours", "nearly without loss", image().webp({ nearLossless: true })],
  ];
  for (const [name, , , , written] of files) await writeFile(join(folder, name), await written.toBuffer());
  return files.map(([file, container, axis, value]) => ({ file, container, axis, value }));
}

function runMatrix(folder: string): void {
  const packages = pythonPackages("pixels", ["tifffile==2026.3.3", "imagecodecs==2026.3.6"], { alone: true });
  const script = join(projectRoot(), "tests", "image", "pixel_matrix.py");
  const env = { ...process.env, PYTHONPATH: packages };
  const { status, stderr } = spawnSync(pythonPath() as string, ["-W", "ignore", script, folder], {
    encoding: "utf8",
    env,
  });
  assert.equal(status, 0, stderr);
}

async function outcomeOf(folder: string, each: Case): Promise<Outcome> {
  const path = join(folder, each.file);
  try {
    const { data } = await decodePixels(await readFile(path), {}, each.file);
    const differences = each.readers.map(async (problem, i) =>
      problem === null ? largestDifference(data, await readFile(`${path}.${i + 1}`)) : undefined,
    );
    return { ...each, differences: await Promise.all(differences) };
  } catch (error) {
    if (!(error instanceof HistoError)) throw error;
    return { ...each, refused: `${error.code} ${error.message}`, differences: [] };
  }
}

function largestDifference(ours: Uint8Array, theirs: Uint8Array): number {
  if (ours.length !== theirs.length) return 255;
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))), 0);
}

/** A line for each axis of each container. */
function tableOf(outcomes: readonly Outcome[]): string {
  const axes = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const key = `${outcome.container} | ${outcome.axis}`;
    axes.set(key, [...(axes.get(key) ?? []), outcome]);
  }
  const said = ({ value, file, differences: [first] }: Outcome) =>
    DISAGREEMENTS.includes(file) ? `${value} (as tifffile; Pillow is ${first} levels off)` : value;
  const line = ([key, all]: [string, Outcome[]]) => {
    const [read, refused] = [all.filter((o) => o.refused === undefined), all.filter((o) => o.refused !== undefined)];
    return `| ${key} | ${read.map(said).join("; ")} | ${refused.map(said).join("; ")} |`;
  };
  const header = [
    "| container | what differs | read as by both readers | refused by name |",
    "| --- | --- | --- | --- |",
  ];
  return [...header, ...[...axes].map(line)].join("\n");
}

async function inDocumentation(table: string): Promise<void> {
  const path = join(projectRoot(), "docs", "data.md");
  const page = await readFile(path, "utf8");
  const marked = /(<!-- made by tests\/image\/pixels\.slow\.test\.ts -->\n)[\s\S]*?(\n<!-- end -->)/;
  const wanted = page.replace(marked, (_, start, end) => `${start}\n${table}\n${end}`);
  assert.match(page, marked);
  if (process.env.HISTO_WRITE_DOCS) await writeFile(path, wanted);
  else assert.equal(page, wanted, "docs/data.md has another table; HISTO_WRITE_DOCS=1 writes it anew");
}
