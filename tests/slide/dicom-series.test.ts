import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { findSlides } from "../../src/slide/index";
import { temporaryDirectory } from "../support/temporary-directory";

const EXPLICIT = "1.2.840.10008.1.2.1";
const IMPLICIT = "1.2.840.10008.1.2";
const UNKNOWN = 0xffff_ffff;

/** Number of bytes of a value, or "unknown" for one that ends with a mark. */
type Length = "known" | "unknown";

/** An element as it is written in a file. */
function element(tag: number, kind: string, value: Buffer, explicit: boolean, length: Length = "known"): Buffer {
  const head = Buffer.alloc(explicit ? (kind === "UI" || kind === "CS" ? 8 : 12) : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  const count = length === "known" ? value.length : UNKNOWN;
  if (explicit) head.write(kind, 4, "latin1");
  if (explicit && head.length === 8) head.writeUInt16LE(count, 6);
  else head.writeUInt32LE(count, head.length - 4);
  return Buffer.concat([head, value]);
}

const uid = (text: string) => Buffer.from(text.length % 2 === 0 ? text : `${text}\0`);
const mark = (tag: number, length = 0) => {
  const bytes = element(tag, "", Buffer.alloc(0), false);
  bytes.writeUInt32LE(length, 4);
  return bytes;
};

/** The beginning of a file; a reference to another series comes before its own. */
function instance(series: string, { syntax = EXPLICIT, lengths = "known" as Length } = {}): Buffer {
  const explicit = syntax !== IMPLICIT;
  const other = element(0x0020_000e, "UI", uid("9.9.9"), explicit);
  const item =
    lengths === "known"
      ? Buffer.concat([mark(0xfffe_e000, other.length), other])
      : Buffer.concat([mark(0xfffe_e000, UNKNOWN), other, mark(0xfffe_e00d), mark(0xfffe_e0dd)]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    element(0x0002_0010, "UI", uid(syntax), true),
    element(0x0008_0060, "CS", Buffer.from("SM"), explicit),
    element(0x0008_1115, "SQ", item, explicit, lengths),
    element(0x0020_000d, "UI", uid("1.1"), explicit),
    element(0x0020_000e, "UI", uid(series), explicit),
    element(0x7fe0_0010, "OB", Buffer.alloc(20), explicit),
  ]);
}

test("of the files of a DICOM series one is a slide, however they are written", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, "1.dcm"), instance("1.2.3"));
  await writeFile(join(directory, "2.dcm"), instance("1.2.3", { lengths: "unknown" }));
  await writeFile(join(directory, "3.dcm"), instance("1.2.3", { syntax: IMPLICIT }));
  await writeFile(join(directory, "4.dcm"), instance("1.2.3", { syntax: IMPLICIT, lengths: "unknown" }));
  await writeFile(join(directory, "5.dcm"), instance("1.2.34"));
  // Cut off before the series, big-endian, and not DICOM: listed, so that their fault is said when they are read.
  await writeFile(join(directory, "6.dcm"), instance("1.2.3").subarray(0, 170));
  await writeFile(join(directory, "7.dcm"), instance("1.2.3", { syntax: "1.2.840.10008.1.2.2" }));
  await writeFile(join(directory, "8.dcm"), "text");
  await writeFile(join(directory, "9.svs"), "another kind");
  const { slides } = await findSlides([directory]);
  assert.deepEqual(
    slides.map(({ name }) => name),
    ["1.dcm", "5.dcm", "6.dcm", "7.dcm", "8.dcm", "9.svs"],
  );
  const named = await findSlides([join(directory, "2.dcm"), join(directory, "1.dcm")]);
  assert.deepEqual([named.slides.map(({ name }) => name), named.many], [["2.dcm"], true]);
});

test("files of a series in two folders are two slides: a reader looks for them in one", async (t) => {
  const directory = await temporaryDirectory(t);
  for (const folder of ["a", "b"]) {
    await mkdir(join(directory, folder));
    await writeFile(join(directory, folder, "1.dcm"), instance("1.2.3"));
  }
  const { slides } = await findSlides([join(directory, "a"), join(directory, "b")]);
  assert.deepEqual(
    slides.map(({ name }) => name),
    ["1.dcm", "1.dcm-2"],
  );
});
