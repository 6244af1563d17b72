/** @module `histo deploy prices`: updates the price table from offer files of AWS's price list. */
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { hasPrice, type Offer, PRICED_OFFERS, readOffer, readPrices, renewPrices } from "../deployment/index";
import { HistoError, hasErrorCode, InputError, messageOf } from "../errors/index";
import { writeJson } from "../files/index";
import { counted } from "../format/index";
import { pricesSchema } from "../options/index";
import { defineCommand } from "./command";

export const command = defineCommand({
  examples: [
    ["histo deploy prices", "fetch the price list of the table's region from AWS"],
    ["histo deploy prices --file AWSLambda.csv,AmazonEC2.csv", "read downloaded files"],
  ],
  schema: pricesSchema,
  async run({ file, url, table: path, ...options }, { progress, signal }) {
    const before = await readPrices(path);
    const region = options.region ?? before.region;
    const offers: Offer[] = [];
    for (const source of file.length > 0 ? file : PRICED_OFFERS) {
      progress.say(`Reading the prices of ${basename(source)}`);
      const bytes = file.length > 0 ? fileBytes(source) : fetchedBytes(url, source, region, signal);
      offers.push(await readOffer(bytes, source, hasPrice(region)));
    }
    const { table, changed, kept } = renewPrices(before, offers, region);
    await writeJson(path, table);
    return { table: path, region, asOf: table.asOf, changed, kept };
  },
  render: ({ table, region, asOf, changed, kept }) =>
    [
      ...Object.entries(changed).map(([name, [before, after]]) => `${name}: ${before} -> ${after}`),
      `${table}: ${region}, ${asOf}; ${counted(Object.keys(changed).length, "price")} changed` +
        (kept.length > 0 ? `, ${kept.length} not in the files` : ""),
    ].join("\n"),
});

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("FILE_MISSING", `--file: ${path} does not exist.`);
    throw error;
  }
}

/** Fetches the file of a service in a region; for services without regions, their only file. */
async function* fetchedBytes(url: string, offer: string, region: string, signal: AbortSignal) {
  const addresses = [`${region}/index.csv`, "index.csv"].map(
    (end) => new URL(`/offers/v1.0/aws/${offer}/current/${end}`, url).href,
  );
  const failed = (why: string) =>
    new HistoError(
      "PRICE_LIST_UNREACHABLE",
      `${addresses[0]}: ${why}. Download the files of ${PRICED_OFFERS.join(", ")} elsewhere and give them with --file.`,
    );
  let status = 0;
  for (const address of addresses) {
    const response = await fetch(address, { signal }).catch((error: Error) => {
      if (signal.aborted) throw error;
      throw failed(messageOf(error.cause ?? error));
    });
    if (response.ok && response.body) return yield* Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    status = response.status;
  }
  throw failed(`HTTP status ${status}`);
}
