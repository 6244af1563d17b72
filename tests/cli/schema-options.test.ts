import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Command } from "commander";
import * as z from "zod";
import { optionsPage } from "../../src/cli/options";
import { addSchemaOptions, givenOptions, readOptions } from "../../src/cli/schema-options";
import { projectRoot } from "../../src/files/index";
import { innerSchema, option, optionsOfSchema, serveSchema, trainingSchema, whole } from "../../src/options/index";
import { histoHere } from "../support/histo";

/** The flags of a command line as a command with the training options reads them. */
function parse(...words: string[]) {
  const command = addSchemaOptions(new Command("train"), trainingSchema).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  return givenOptions(command.parse(["--data", "tiles", ...words], { from: "user" }).opts(), trainingSchema);
}

test("only what was given comes back, so that a resumed run keeps its values", async () => {
  assert.deepEqual(parse(), { data: "tiles" });
  assert.deepEqual(parse("--lr", "auto", "--hidden", "64,16", "--nesterov", "--backbone-std", "0.5,0.25,1"), {
    ...{ data: "tiles", lr: "auto", hidden: [64, 16], nesterov: true, backboneStd: [0.5, 0.25, 1] },
  });
});

test("how a data set is read lies in an object of its own", async () => {
  assert.deepEqual(parse("--positive", "SSA", "--image-folder", "tiles"), {
    data: "tiles",
    dataset: { positive: "SSA", imageDirectory: "tiles" },
  });
});

test("the former flag of an option gives the option", async () => {
  assert.deepEqual(parse("--beside", "colour"), { data: "tiles", extraFeatures: "colour" });
});

test("every training option has a flag that refuses what the option refuses", async () => {
  for (const declared of optionsOfSchema(trainingSchema)) {
    const { name, value, kind } = declared;
    if (innerSchema(declared) || !value || (kind.type === "string" && !kind.words)) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const wrong of ["", "x", "-1e30"]) {
      if (kind.items?.low === undefined && kind.type === "array" && wrong === "-1e30") continue;
      assert.throws(() => parse(flag, wrong), { code: "commander.invalidArgument" }, `${flag} ${wrong}`);
    }
  }
  assert.throws(() => parse("--lr", "0"), /above 0 and up to 1000, or be auto/);
});

test("the options of a command get their defaults, and those that programs use stay hidden", async () => {
  const schema = z.strictObject({
    steps: option(whole(1, 9).default(3), "updates", { value: "n" }),
    quick: option(z.boolean().default(false), "a small version"),
    trackAs: option(z.string().optional(), "internal", { value: "json", hidden: true }),
  });
  const command = addSchemaOptions(new Command("range"), schema);
  assert.deepEqual(readOptions(command.parse(["--quick"], { from: "user" }).opts(), schema), { steps: 3, quick: true });
  assert.match(command.helpInformation(), /--steps <n> +updates \(default 3\)/);
  assert.doesNotMatch(command.helpInformation(), /track-as/);
});

test("the page of the docs lists the options as they are declared", async () => {
  const page = readFileSync(join(projectRoot(), "docs", "options.md"), "utf8");
  assert.equal(page, await optionsPage(), "run `npx histo options > docs/options.md`");
});

test("--options gives training options as JSON, checked like any other", async () => {
  const { status, stderr } = await histoHere("train", "--data", ".", "--options", '{"focalGamma":-1}');
  assert.deepEqual([status, stderr], [2, "histo: The training option focalGamma must lie from 0 to 100, not -1.\n"]);
});

test("histo --help loads no option's declaration", async () => {
  const script =
    'require(process.argv[1]).main(["--help"]).then(() => process.stderr.write(Object.keys(require.cache).join()))';
  const main = join(projectRoot(), "dist", "src", "cli", "main.js");
  const { stderr } = spawnSync(process.execPath, ["-e", script, main], { encoding: "utf8" });
  assert.match(stderr, /commands\.js/);
  assert.doesNotMatch(stderr, /node_modules\/zod/);
});

test("a list grows with every flag, and what has no flag comes from its variable", (t) => {
  process.env.HISTO_API_KEYS = "alpha";
  t.after(() => delete process.env.HISTO_API_KEYS);
  const command = addSchemaOptions(new Command("serve"), serveSchema);
  const flags = command.parse(["--model", "a, b", "--model", "c"], { from: "user" }).opts();
  const { model, apiKeys, maxDelay } = readOptions(flags, serveSchema);
  assert.deepEqual({ model, apiKeys, maxDelay }, { model: ["a", "b", "c"], apiKeys: "alpha", maxDelay: 8 });
});
