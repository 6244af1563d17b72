import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hasPrice,
  type Offer,
  PRICED_OFFERS,
  type PriceTable,
  readOffer,
  readPrices,
  renewPrices,
} from "../../src/deployment/index";
import { offerFiles } from "../support/price-list";

/** Every price another: times a factor, except the hours of a month. */
function scaled<T>(value: T, factor: number): T {
  if (typeof value === "number") return (value === 730 ? value : Number((value * factor).toPrecision(6))) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, scaled(inner, factor)])) as T;
}

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (text: string, region = "us-east-1", size = 1 << 16): Promise<Offer> =>
  readOffer(inPieces(text, size), "offer.csv", hasPrice(region));

const readAll = async (files: ReadonlyMap<string, string>, region?: string) =>
  Promise.all([...files.values()].map((text) => read(text, region)));

/** What is compared of a table: its prices. */
const pricesOf = ({ region: _region, asOf: _asOf, source: _source, published: _published, ...prices }: PriceTable) =>
  prices;

test("the files of all services renew every price, each from its own product, and the date", async () => {
  const before = await readPrices();
  const wanted = scaled(before, 3);
  const files = offerFiles(wanted, "2026-11-20");
  assert.deepEqual([...files.keys()].sort(), [...PRICED_OFFERS].sort());
  const { table, changed, kept } = renewPrices(before, await readAll(files), "us-east-1");
  assert.deepEqual(pricesOf(table), pricesOf(wanted));
  assert.deepEqual([table.asOf, table.published?.AWSLambda, kept], ["2026-11", "2026-11-20", []]);
  assert.deepEqual(changed["instanceHour.c7g.large"], [0.0725, 0.2175]);
});

test("one file renews the prices of its service; the table stays as old as its oldest price", async () => {
  const before = await readPrices();
  const text = offerFiles(scaled(before, 2), "2026-11-20").get("AWSLambda") ?? "";
  const { table, changed, kept } = renewPrices(before, [await read(text)], "us-east-1");
  assert.deepEqual(table.lambda, scaled(before.lambda, 2));
  assert.deepEqual(pricesOf({ ...table, lambda: before.lambda }), pricesOf(before));
  assert.equal(table.asOf, before.asOf);
  assert.ok(Object.keys(changed).every((name) => name.startsWith("lambda.")) && kept.includes("natGatewayHour"));
});

test("another region needs the files of all services, in which its usage types have its short name", async () => {
  const before = await readPrices();
  const wanted = scaled(before, 2);
  const files = offerFiles(wanted, "2026-11-20", { region: "eu-central-1", prefix: "EUC1-" });
  const { table } = renewPrices(before, await readAll(files, "eu-central-1"), "eu-central-1");
  assert.equal(table.region, "eu-central-1");
  assert.deepEqual(pricesOf(table), pricesOf(wanted));
  files.delete("AmazonEFS");
  const offers = await readAll(files, "eu-central-1");
  assert.throws(() => renewPrices(before, offers, "eu-central-1"), {
    code: "PRICE_LIST_INCOMPLETE",
    message: /missing are AmazonEFS\./,
  });
  const foreign = await readAll(files, "us-east-1");
  assert.throws(() => renewPrices(before, foreign, "us-east-1"), {
    code: "PRICE_LIST_INCOMPLETE",
    message: /lambda\.requests in AWSLambda/,
  });
});

test("a file is read alike in pieces of any size", async () => {
  const text = offerFiles(await readPrices(), "2026-11-20").get("AmazonEFS") ?? "";
  const whole = await read(text);
  assert.equal(whole.products.length, 2);
  for (const size of [1, 2, 7, 1000]) assert.deepEqual(await read(text, "us-east-1", size), whole);
});

test("what is no offer file is refused with its reason", async () => {
  const table = await readPrices();
  const text = offerFiles(table, "2026-11-20").get("AWSLambda") ?? "";
  const cases: [string, RegExp][] = [
    ["", /no row of column names/],
    [text.slice(0, text.indexOf('"SKU"')), /no row of column names/],
    [text.slice(0, -40), /a row is incomplete|Quote Not Closed/i],
    ["SKU,OfferTermCode,RateCode\n", /does not begin with FormatVersion/],
    [JSON.stringify(table, null, 2), /not index\.json\): it does not begin with FormatVersion/],
    [JSON.stringify({ formatVersion: "v1.0", offerCode: "AWSLambda" }), /not index\.json\): it does not begin/],
    [text.replace(/"OfferCode".*\n/, ""), /it has no OfferCode/],
    [text.replace(/"Publication Date".*\n/, ""), /it has no Publication Date/],
    [text.replace("v1.0", "v2.0"), /v2\.0 and not v1\.0/],
    [text.replaceAll('"OnDemand"', '"Spot"'), /no on-demand prices/],
  ];
  for (const [bad, message] of cases) {
    await assert.rejects(read(bad), (error: Error & { code: string }) => {
      assert.equal(error.code, "PRICE_LIST_INVALID");
      assert.match(error.message, message);
      assert.match(error.message, /^offer\.csv is not an offer file .*\.$/);
      return true;
    });
  }
});

test("a service of which nothing is used, and two prices for one thing, are refused", async () => {
  const table = await readPrices();
  const text = offerFiles(table, "2026-11-20").get("AmazonECR") ?? "";
  const other = await read(text.replace('"AmazonECR"', '"AmazonLex"'));
  assert.throws(() => renewPrices(table, [other], "us-east-1"), {
    code: "PRICE_LIST_UNUSED",
    message: /No price of AmazonLex/,
  });
  const [one, two] = [await read(text), await read(text.replace("0.1000000000", "0.2000000000"))];
  assert.throws(() => renewPrices(table, [one, two], "us-east-1"), {
    code: "PRICE_LIST_AMBIGUOUS",
    message: /registryGbMonth: 0\.1, 0\.2/,
  });
});
