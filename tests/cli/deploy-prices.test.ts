import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { PRICE_FILE, type PriceTable, readPrices } from "../../src/deployment/index";
import { projectRoot } from "../../src/files/index";
import { histoHere, histoJsonHere } from "../support/histo";
import { offerFiles } from "../support/price-list";
import { temporaryDirectory } from "../support/temporary-directory";

interface Renewed {
  readonly asOf: string;
  readonly changed: Readonly<Record<string, readonly number[]>>;
  readonly kept: readonly string[];
}

test("files of the price list renew the table, and what they lack is said", async (t) => {
  const folder = await temporaryDirectory(t);
  const table = join(folder, "prices.json");
  await copyFile(join(projectRoot(), PRICE_FILE), table);
  const before = await readPrices();
  const file = join(folder, "AmazonECS.csv");
  await writeFile(file, offerFiles({ ...before, fargateGbHour: 0.005 }, "2026-11-20").get("AmazonECS") ?? "");
  const { changed, kept } = await histoJsonHere<Renewed>("deploy", "prices", "--file", file, "--table", table);
  assert.deepEqual(changed, { fargateGbHour: [before.fargateGbHour, 0.005] });
  assert.ok(kept.includes("keyMonth") && !kept.includes("fargateCpuHour"));
  assert.equal((JSON.parse(await readFile(table, "utf8")) as PriceTable).fargateGbHour, 0.005);
});

test("another file is refused in one line, and the table stays as it was", async (t) => {
  const folder = await temporaryDirectory(t);
  const table = join(folder, "prices.json");
  await copyFile(join(projectRoot(), PRICE_FILE), table);
  const before = await readFile(table, "utf8");
  for (const [file, message] of [
    [table, /prices\.json is not an offer file of AWS's price list in CSV .*: it does not begin with FormatVersion/],
    [join(folder, "none.json"), /^histo: --file: .*none\.json does not exist\.$/],
  ] as const) {
    const { status, stderr } = await histoHere("deploy", "prices", "--file", file, "--table", table, "--quiet");
    assert.equal(status, 2);
    assert.match(stderr.trim(), message);
    assert.equal(stderr.trim().split("\n").length, 1);
  }
  const { status, stderr } = await histoHere(
    "deploy",
    "prices",
    "--url",
    "http://127.0.0.1:9",
    "--table",
    table,
    "--quiet",
  );
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^histo: http:\/\/127\.0\.0\.1:9\/offers\/v1\.0\/aws\/AWSLambda\/current\/us-east-1\/index\.csv: .*--file/,
  );
  assert.equal(await readFile(table, "utf8"), before);
});

test("without files the whole price list is fetched; services without a region from their only file", async (t) => {
  const folder = await temporaryDirectory(t);
  const table = join(folder, "prices.json");
  await copyFile(join(projectRoot(), PRICE_FILE), table);
  const files = offerFiles({ ...(await readPrices()), hostedZoneMonth: 0.6 }, "2026-11-20");
  const server = createServer((request, response) => {
    const [, offer = "", place] =
      /^\/offers\/v1\.0\/aws\/(\w+)\/current\/(.*)index\.csv$/.exec(request.url ?? "") ?? [];
    const text = place === (offer === "AmazonRoute53" ? "" : "us-east-1/") ? files.get(offer) : undefined;
    response.writeHead(text ? 200 : 403).end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const command = [
    join(projectRoot(), "bin", "histo.cjs"),
    "deploy",
    "prices",
    "--url",
    url,
    "--table",
    table,
    "--json",
  ];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const [output, [status]] = await Promise.all([child.stdout.toArray(), once(child, "close")]);
  assert.equal(status, 0);
  const { asOf, changed, kept } = JSON.parse(Buffer.concat(output).toString()) as Renewed;
  assert.deepEqual({ asOf, changed, kept }, { asOf: "2026-11", changed: { hostedZoneMonth: [0.5, 0.6] }, kept: [] });
});
