/** What the command line says about commands that cannot run: one line with what is accepted, and exit status 2. */
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { histoHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";
import { writeTileFolder } from "../support/tile-folder";

async function refused(...argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await histoHere(...argv);
  assert.deepEqual([status, stdout], [2, ""], stderr);
  assert.match(stderr, /^histo: [^\n]*\n$/, "one line");
  return stderr.slice("histo: ".length, -1);
}

test("an argument too many is told with the option it belongs to and with all that the command takes", async () => {
  assert.equal(
    await refused("deploy", "logs", "lambda"),
    "too many arguments for 'logs'. Expected 0 arguments but got 1. Did you mean --part lambda? " +
      "Usage: histo deploy logs [--settings <file>] [--region <name>] [--part lambda|ec2|tracking] [--minutes <n>] [--follow]",
  );
  assert.match(
    await refused("predict", "model", "a.png"),
    /Usage: histo predict --model <dir> --images <path\.\.\.> \[--out/,
  );
  assert.match(await refused("train", "tiles"), /Usage: histo train --data <dir> \[options\]$/);
});

test("what is missing is told with the usage", async () => {
  assert.equal(await refused("card"), "missing required argument 'dir'. Usage: histo card <dir>");
  assert.match(
    await refused("export"),
    /^required option '--run <dir>' not specified\. Usage: histo export --run <dir>/,
  );
  assert.match(await refused("predict", "--model"), /^option '--model <dir>' argument missing/);
});

test("an empty word, as a variable that is not set gives it, is not taken for the current folder", async (context) => {
  const model = await temporaryDirectory(context);
  const told = (what: string) => `${what} is empty (a variable that is not set?); give it a value, or leave it out.`;
  for (const command of ["train", "eda", "lr-range", "compare"]) {
    assert.equal(await refused(command, "--data", ""), told("--data"));
  }
  assert.equal(await refused("train", "--data", model, "--run", ""), told("--run"));
  assert.equal(await refused("evaluate", "--run="), told("--run"));
  assert.equal(await refused("serve", "--model", ""), told("--model"));
  assert.equal(await refused("predict", "--model", model, "--images", model, ""), told("--images"));
  assert.equal(await refused("notebook", "run", ""), told("An argument"));
});

test("--resume without a run that it could mean says which option is missing", async (context) => {
  const folder = await temporaryDirectory(context);
  assert.equal(
    await refused("train", "--data", folder, "--resume"),
    "--resume needs --run, the directory of the stopped run.",
  );
  assert.match(
    await refused("train", "--run", join(folder, "cnn"), "--resume"),
    /^--run .*cnn holds no run to resume; name its directory, or give --data\.$/,
  );
});

test("a name that is nearly right is suggested; for another, the help is named", async () => {
  assert.match(await refused("train", "--epoch", "3"), /^unknown option '--epoch' \(Did you mean --epochs\?\)$/);
  assert.match(await refused("predict", "--mdoel", "dir"), /^unknown option .--mdoel. \(Did you mean --model\?\)$/);
  assert.equal(await refused("train", "--zzz"), "unknown option '--zzz'. histo train --help lists the options.");
  assert.match(await refused("trian"), /^unknown command 'trian' \(Did you mean train\?\)$/);
  assert.match(await refused("deploy", "log"), /^unknown command 'log' \(Did you mean logs\?\)$/);
  assert.equal(await refused("zzzzzz"), "unknown command 'zzzzzz'. histo --help lists the commands.");
});

test("a group without a command shows its own commands", async () => {
  const { status, stdout } = await histoHere("deploy");
  assert.equal(status, 2);
  assert.match(stdout, /^Usage: histo deploy .*destroy/s);
  assert.doesNotMatch(stdout, /lr-range/);
});

test("a file in place of a folder, a folder in place of a file, and what does not exist, are told as that", async (t) => {
  const folder = await temporaryDirectory(t);
  const file = join(folder, "notes.txt");
  await writeFile(file, "no model");
  assert.equal(await refused("card", file), `${file} is not an exported model: it has no model.json.`);
  assert.equal(await refused("notebook", "run", folder), `${folder} is a folder, not a file.`);
  const none = join(folder, "none");
  const model = join(projectRoot(), "tests", "fixtures", "first-model");
  assert.equal(await refused("predict", "--model", model, "--images", none), `--images: ${none} does not exist.`);
});

test("values of a list that were not joined are shown joined", async () => {
  assert.match(await refused("serve", "--model", "a", "b"), /Did you mean --model a,b\? Usage: histo serve/);
});

test("a run in place of a model, and a model in place of a run, are told with what to name", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = join(projectRoot(), "tests", "fixtures", "first-model");
  const run = join(folder, "run");
  await mkdir(run);
  const predict = () => refused("predict", "--model", run, "--images", folder);
  assert.equal(await predict(), `${run} is not an exported model: it has no model.json.`);
  await writeFile(join(run, "history.jsonl"), "");
  assert.equal(
    await predict(),
    `${run} is a training run; export it with histo export --run ${run} --out DIR, and name DIR.`,
  );
  await mkdir(join(run, "model"));
  await writeFile(join(run, "model", "model.json"), "{}");
  assert.equal(await predict(), `${run} is a training run; its exported model is ${join(run, "model")}.`);
  assert.equal(
    await refused("card", join(model, "model.onnx")),
    `${join(model, "model.onnx")} is a file of a model; name its directory, ${model}.`,
  );
  const out = join(folder, "out");
  assert.equal(
    await refused("export", "--run", model, "--out", out),
    `--run: ${model} is an exported model; name the run that it was exported from.`,
  );
  await writeFile(join(run, "config.json"), "{}");
  assert.equal(
    await refused("export", "--run", run, "--out", out),
    `--run: ${run} has no trained model yet; finish its training with histo train --run ${run} --resume.`,
  );
  assert.equal(await refused("card", join(folder, "none")), `The model ${join(folder, "none")} does not exist.`);
  assert.equal(
    await refused("evaluate", "--run", model),
    `${model} is an exported model; name the run that it was exported from.`,
  );
  assert.match(await refused("evaluate", "--run", folder), /is not a run directory: it has neither a config\.json nor/);
  assert.match(
    await refused("notebook", "run", "README.md"),
    /README\.md is not a notebook: name a file that ends in .ipynb/,
  );
});

test("a place that cannot be written is told before any image is read, and nothing is left there", async (t) => {
  const folder = await temporaryDirectory(t);
  const file = join(folder, "notes.txt");
  await writeFile(file, "no folder");
  const model = join(projectRoot(), "tests", "fixtures", "first-model");
  const predict = ["predict", "--model", model, "--images", join(projectRoot(), "docs", "images"), "--out"];
  assert.equal(await refused(...predict, folder), `--out: ${folder} is a folder; name a file in it.`);
  assert.match(
    await refused(...predict, join(file, "a.csv")),
    /^--out: .*a\.csv cannot be written .*name another place\.$/,
  );
  const explain = ["explain", "--model", model, "--images", join(projectRoot(), "docs", "images"), "--out", file];
  assert.match(await refused(...explain), /^--out: .*notes\.txt cannot be written/);
  const absent = ["--model", join(folder, "none"), "--images", file, "--out", join(folder, "maps")];
  assert.match(await refused("explain", ...absent), /none does not exist/);
  assert.deepEqual(await readdir(folder), ["notes.txt"]);
});

test("a folder for results that is a file, or where none can be made, is told before the work", async (t) => {
  const folder = await temporaryDirectory(t);
  const [file, data] = [join(folder, "notes.txt"), join(folder, "tiles")];
  await writeFile(file, "no folder");
  await writeTileFolder(data, 5, 16);
  const notebook = join(folder, "a.ipynb");
  const cell = { cell_type: "code", metadata: {}, source: "console.log(1)", outputs: [], execution_count: null };
  await writeFile(notebook, JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata: {}, cells: [cell] }));
  const commands = [
    ["train", "--data", data, "--no-track", "--run"],
    ["train", "--data", data, "--folds", "2", "--no-track", "--run"],
    ["search", "--data", data, "--space", "small", "--no-track", "--run"],
    ["compare", "--data", data, "--models", "colour", "--no-track", "--out"],
    ["notebook", "run", notebook, "--out"],
  ];
  for (const command of commands) {
    const option = command.at(-1);
    assert.equal(await refused(...command, file), `${option}: ${file} is a file; name a folder.`);
    assert.match(
      await refused(...command, "/proc/none/results"),
      /: \/proc\/none\/results cannot be made .*another place/,
    );
  }
  assert.deepEqual((await readdir(folder)).sort(), ["a.ipynb", "notes.txt", "tiles"]);
});

test("the folder of a training run is suggested for that of other commands' results", async () => {
  const { status, stderr } = await histoHere("train", "--data", "data", "--out", "results");
  assert.equal(status, 2);
  assert.match(stderr, /unknown option '--out'\. Did you mean --run\?\n$/);
  assert.doesNotMatch((await histoHere("evaluate", "--out", "results")).stderr, /Did you mean/);
});
