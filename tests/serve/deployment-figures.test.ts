import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

test("the page's figures of the two deployments are those of notebook 08, and say so", async () => {
  const read = async (...path: string[]) => JSON.parse(await readFile(join(projectRoot(), ...path), "utf8"));
  const { summary } = await read("serve", "web", "data", "lambda-vs-ec2.json");
  const { asOf } = await read("serve", "aws", "prices.json");
  const notebook = JSON.stringify(await read("notebooks", "08-lambda-and-ec2.ipynb"));
  const [recommendation = ""] = summary.split(" These are the figures of notebook 08");
  assert.ok(recommendation.length > 100 && notebook.includes(recommendation), "run at the same time");
  assert.ok(summary.includes(asOf), "with the month of the prices");
  assert.match(summary, /measured on \S.* cores,/, "with the processor");
  const results = (await readFile(join(projectRoot(), "docs", "results.md"), "utf8")).replace(/\s+/g, " ");
  const [, dollars] = /Lambda, at \$([\d.]+)/.exec(summary) ?? [];
  const [, millions] = /cheaper from ([\d.]+) million/.exec(summary) ?? [];
  assert.ok(results.includes(`$${dollars} on Lambda`), "docs/results.md tells of the same run");
  assert.ok(results.includes(`cheaper from ${Math.round(Number(millions))} million a month on`));
});
