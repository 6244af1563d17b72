/** @module Data sets that cannot be read: each refusal names the file, the line or the option. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const MHIST_HEADER = "Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition";

const BAD: readonly [string, string, RegExp, Record<string, string>][] = [
  ["an empty table", "TABLE_EMPTY", /labels\.csv is empty/, { "labels.csv": "" }],
  ["a header without rows", "TABLE_EMPTY", /no rows/, { "labels.csv": "image,label\n" }],
  [
    "no column for images",
    "TABLE_COLUMN_MISSING",
    /images.*"foo", "label".*--image-column/,
    { "labels.csv": "foo,label\na.png,x\n" },
  ],
  [
    "no column for labels",
    "TABLE_COLUMN_MISSING",
    /labels.*"image", "bar".*--label-column/,
    { "labels.csv": "image,bar\na.png,x\n" },
  ],
  [
    "three classes",
    "DATA_MANY_CLASSES",
    /3 classes \("x", "y", "z"\)/,
    { "labels.csv": "image,label\na.png,x\nb.png,y\nc.png,z\n" },
  ],
  ["one class", "DATA_ONE_CLASS", /only the class "x"/, { "labels.csv": "image,label\na.png,x\n" }],
  [
    "an empty label",
    "TABLE_FIELD_EMPTY",
    /line 3: the label is empty/,
    { "labels.csv": "image,label\na.png,x\nb.png,\n" },
  ],
  [
    "a label that is missing",
    "TABLE_FIELD_EMPTY",
    /line 3: the label is missing \("NaN"\)/,
    { "labels.csv": "image,label\na.png,x\nb.png,NaN\nc.png,y\n" },
  ],
  [
    "labels that are missing in several lines",
    "TABLE_FIELD_EMPTY",
    /line 3: the label is empty, and so are those of 2 further lines; fill it in, or remove the line/,
    { "labels.csv": "image,label\na.png,x\nb.png,\nc.png,NA\nd.png,y\ne.png,\n" },
  ],
  [
    "images of a table that Excel saved",
    "DATA_LAYOUT_UNKNOWN",
    /"images" is no name of a class.*\("labels\.xlsx" cannot be read: save it as CSV/,
    { "images/a.png": "", "labels.xlsx": "PK", "~$labels.xlsx": "" },
  ],
  [
    "images without a class",
    "DATA_LAYOUT_UNKNOWN",
    /its 2 images have no class; put them into a folder for each class, or write a table/,
    { "ben_1.png": "", "mal_1.jpg": "" },
  ],
  [
    "images in an archive",
    "DATA_LAYOUT_UNKNOWN",
    /\("images\.zip", "labels\.tar\.gz" must be unpacked first\)/,
    { "images.zip": "PK", "labels.tar.gz": "" },
  ],
  [
    "images in arrays, as PatchCamelyon's",
    "DATA_LAYOUT_UNKNOWN",
    /\("split_train_x\.h5", "split_train_y\.h5" cannot be read: save images as PNG files, and their labels as CSV/,
    { "split_train_x.h5": "", "split_train_y.h5": "" },
  ],
  [
    "labels in lines of JSON",
    "DATA_LAYOUT_UNKNOWN",
    /no class.*\("metadata\.jsonl" is not read as a table: save it as CSV/,
    { "metadata.jsonl": "{}", "a.png": "" },
  ],
  [
    "a table in a folder of its own",
    "DATA_LAYOUT_UNKNOWN",
    /"images" is no name of a class.*\("tables\/labels\.csv" may be the table: name it with --table tables\/labels\.csv\)/,
    { "images/a.png": "", "tables/labels.csv": "image,label\na.png,x\n" },
  ],
  [
    "a table for each partition",
    "DATA_LAYOUT_UNKNOWN",
    /"test", "train" have no class.*\("test\/metadata\.csv", "train\/metadata\.csv" must be one table: join them to .*labels\.csv\)/,
    {
      "train/metadata.csv": "file_name,label\na.png,x\n",
      "train/a.png": "",
      "test/metadata.csv": "file_name,label\nb.png,y\n",
      "test/b.png": "",
    },
  ],
  [
    "an empty label below a line that names the separator",
    "TABLE_FIELD_EMPTY",
    /line 4: the label is empty/,
    { "labels.csv": "sep=;\r\nimage;label\r\na.png;x\r\nb.png;\r\n" },
  ],
  ["an empty name", "TABLE_FIELD_EMPTY", /line 2: the image name/, { "labels.csv": "image,label\n ,x\nb.png,y\n" }],
  [
    "a name given twice",
    "DATA_NAME_TWICE",
    /lines 2 and 4 .*a\.png/,
    { "labels.csv": "image,label\na.png,x\nb.png,y\n./a.png,y\n", "a.png": "", "b.png": "" },
  ],
  [
    "a file named with its ending and without",
    "DATA_NAME_TWICE",
    /lines 2 and 4 .*a\.png/,
    { "labels.csv": "image,label,split\na.png,x,test\nb.png,y,train\na,x,train\n", "a.png": "", "b.png": "" },
  ],
  [
    "a file named by two paths",
    "DATA_NAME_TWICE",
    /lines 2 and 3 .*a\.png/,
    { "labels.csv": "image,label\na.png,x\nimages/a.png,y\n", "images/a.png": "" },
  ],
  [
    "a name that leads outside",
    "DATA_NAME_UNSAFE",
    /line 2.*\.\.\/\.\.\/etc/,
    { "labels.csv": "image,label\n../../etc/passwd,x\nb.png,y\n" },
  ],
  ["an absolute name", "DATA_NAME_UNSAFE", /line 2.*\/etc/, { "labels.csv": "image,label\n/etc/passwd,x\nb.png,y\n" }],
  [
    "a row too short",
    "TABLE_MALFORMED",
    /line 3: 1 fields, but the header has 2/,
    { "labels.csv": "image,label\na.png,x\nb.png\n" },
  ],
  [
    "a quote left open",
    "TABLE_MALFORMED",
    /labels\.csv, line \d: .*quote/,
    { "labels.csv": 'image,label\n"a.png,x\nb.png,y\n' },
  ],
  ["a binary file", "TABLE_NOT_TEXT", /not a text file/, { "labels.csv": "PK\u0003\u0004\0\0\0" }],
  [
    "an unknown partition",
    "TABLE_PARTITION_UNKNOWN",
    /line 3.*"holdout"/,
    { "labels.csv": "image,label,split\na.png,x,train\nb.png,y,holdout\n", "a.png": "", "b.png": "" },
  ],
  [
    "no training images",
    "DATA_PARTITION_EMPTY",
    /no training images/,
    { "labels.csv": "image,label,split\na.png,x,test\nb.png,y,test\n", "a.png": "", "b.png": "" },
  ],
  [
    "an empty partition folder",
    "DATA_PARTITION_EMPTY",
    /no images in "test\/x", "test\/y"/,
    { "train/x/a.png": "", "train/y/b.png": "", "test/x/readme": "", "test/y/readme": "" },
  ],
  [
    "a class of which no image is read",
    "DATA_FORMAT_UNSUPPORTED",
    /"malignant" are of formats that are not read \(2 \.bmp\); convert them/,
    { "benign/a.png": "", "malignant/b.bmp": "", "malignant/c.BMP": "" },
  ],
  [
    "partitions without folders of classes",
    "DATA_LAYOUT_UNKNOWN",
    /images in "train" have no class/,
    { "train/a.png": "", "train/b.png": "" },
  ],
  ["nothing recognised", "DATA_LAYOUT_UNKNOWN", /data\/README\.md/, { "readme.txt": "" }],
  ["two tables", "DATA_TABLE_AMBIGUOUS", /"a\.csv", "b\.csv".*--table/, { "a.csv": "", "b.csv": "" }],
  [
    "votes out of range",
    "TABLE_VOTES_RANGE",
    /line 3: "8" votes out of "7"/,
    { "annotations.csv": `${MHIST_HEADER}\na.png,HP,0,train\nb.png,SSA,8,train\n`, "a.png": "", "b.png": "" },
  ],
  [
    "a number of voters that is none",
    "TABLE_VOTES_RANGE",
    /line 2: "3" votes out of "seven";/,
    {
      "labels.csv": "image,label,votes_positive,votes_total\na.png,x,3,seven\nb.png,y,7,7\n",
      "a.png": "",
      "b.png": "",
    },
  ],
  [
    "votes that are no numbers",
    "TABLE_VOTES_RANGE",
    /line 2: "many" votes/,
    { "annotations.csv": `${MHIST_HEADER}\na.png,HP,many,train\nb.png,SSA,7,train\n`, "a.png": "", "b.png": "" },
  ],
  [
    "a missing image and a folder of its name",
    "DATA_IMAGES_MISSING",
    /2 of 3 .*"b\.png", "c\.png"/,
    { "labels.csv": "image,label\na.png,x\nb.png,y\nc.png,y\n", "a.png": "", "c.png/inside": "" },
  ],
];

for (const [what, code, message, files] of BAD) {
  test(`bad input: ${what}`, async (context) => {
    const folder = await writeFiles(await temporaryDirectory(context), files);
    await assert.rejects(loadDataset(folder), { code, exitStatus: 2, message });
  });
}

test("bad input: a folder that does not exist, and a file in its place", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), { file: "" });
  await assert.rejects(loadDataset(join(folder, "nowhere")), {
    code: "DATA_FOLDER_MISSING",
    message: /nowhere does not exist/,
  });
  await assert.rejects(loadDataset(join(folder, "file")), { code: "DATA_FOLDER_MISSING", message: /is a file/ });
});

test("bad input: options that name what is not there", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label\na.png,x\nb.png,y\n",
    "a.png": "",
    "b.png": "",
  });
  await assert.rejects(loadDataset(folder, { positive: "z" }), { code: "DATA_POSITIVE_UNKNOWN", message: /"x", "y"/ });
  await assert.rejects(loadDataset(folder, { labelColumn: "z" }), {
    code: "TABLE_COLUMN_MISSING",
    message: /"image", "label"/,
  });
  await assert.rejects(loadDataset(folder, { table: "z.csv" }), {
    code: "TABLE_MISSING",
    message: /z\.csv does not exist/,
  });
  await assert.rejects(loadDataset(folder, { imageDirectory: "z" }), {
    code: "DATA_FOLDER_MISSING",
    message: /--image-folder z/,
  });
  await assert.rejects(loadDataset(folder, { votesColumn: "label" }), {
    code: "TABLE_VOTES_TOTAL_UNKNOWN",
    message: /--votes-total/,
  });
});

test("bad input: folders of images and masks are no classes", async (context) => {
  const names = ["images/benign/a.png", "images/malignant/b.png", "masks/benign/a.png", "masks/malignant/b.png"];
  const folder = await temporaryDirectory(context);
  await writeFiles(folder, Object.fromEntries(names.map((name) => [name, ""])));
  await assert.rejects(loadDataset(folder), {
    code: "DATA_LAYOUT_UNKNOWN",
    message: /"images", "masks" is no name of a class/,
  });
  assert.deepEqual((await loadDataset(join(folder, "images"))).classes, ["benign", "malignant"]);
});

test("a folder of tiles with partitions or classes inside is proposed as the data set", async (t) => {
  for (const inner of ["Train/benign", "benign"]) {
    const folder = await writeFiles(await temporaryDirectory(t), {
      [`tiles/${inner}/a.png`]: "",
      [`tiles/${inner.replace("benign", "malignant")}/b.png`]: "",
    });
    await assert.rejects(loadDataset(folder), { message: /\(perhaps --data \S+\/tiles\), or rename it\.$/ });
  }
});

test("bad input: columns of a table that does not exist", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), { "x/a.png": "", "y/b.png": "" });
  await assert.rejects(loadDataset(folder, { groupColumn: "patient" }), {
    code: "DATA_TABLE_MISSING",
    message: /^--group-column is about a label table/,
  });
  await assert.rejects(loadDataset(folder, { imageDirectory: "x" }), { message: /^--image-folder/ });
  await writeFiles(folder, { "patients.csv": "patient,age\n1,60\n" });
  await assert.rejects(loadDataset(folder, { groupColumn: "patient" }), { code: "TABLE_COLUMN_MISSING" });
  assert.equal((await loadDataset(folder, { groupColumn: "none", partitionColumn: "none" })).layout, "folders");
});
