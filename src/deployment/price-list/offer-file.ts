/**
 * @module An offer file of AWS's price list (bulk API, CSV, `FormatVersion` v1.0): the prices of one service in one region.
 * Five rows of metadata, then the column names, then one row for each price.
 * https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
 */
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { InputError, messageOf } from "../../errors/index";

/** A row's fields by column; the names in lower case without blanks, such as `instancetype` for `Instance Type`. */
export type Product = Readonly<Record<string, string>>;

/** A price from an amount of use on, in US dollars for a unit such as `Hrs`. */
export interface Tier {
  readonly from: number;
  readonly unit: string;
  readonly dollars: number;
}

export interface Offer {
  /** Such as `AWSLambda`. */
  readonly code: string;
  /** Day of publication, such as `2026-11-20`. */
  readonly published: string;
  /** The wanted products with their on-demand prices, lowest amount first. */
  readonly products: readonly { readonly product: Product; readonly tiers: readonly Tier[] }[];
}

/**
 * Reads an offer file as a stream: those of EC2 are larger than a string may be.
 * @param name of the file in error messages
 * @param isWanted whether to keep a product of an offer
 * @throws {InputError} `PRICE_LIST_INVALID` for other files, JSON among them, and incomplete ones
 */
export async function readOffer(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  isWanted: (offer: string, product: Product) => boolean,
): Promise<Offer> {
  const metadata = new Map<string, string>();
  const products = new Map<string, { readonly product: Product; readonly tiers: Tier[] }>();
  let columns: readonly string[] | undefined;
  let hasTerms = false;
  const readRow = (row: readonly string[]) => {
    const [first = "", second = ""] = row;
    if (!columns) {
      if (metadata.size === 0 && first !== "FormatVersion") throw invalid(name, "it does not begin with FormatVersion");
      if (first !== "SKU") metadata.set(first, second);
      else {
        checkMetadata(metadata, name);
        columns = row.map((title) => title.replace(/\W/g, "").toLowerCase());
      }
      return;
    }
    if (row.length !== columns.length) throw invalid(name, "a row is incomplete");
    if (row[columns.indexOf("termtype")] !== "OnDemand") return;
    hasTerms = true;
    const product = Object.fromEntries(columns.map((column, i) => [column, row[i] as string]));
    if (product.currency !== "USD" || !isWanted(metadata.get("OfferCode") as string, product)) return;
    const tiers: Tier[] = products.get(first)?.tiers ?? [];
    tiers.push({
      from: Number(product.startingrange),
      unit: product.unit ?? "",
      dollars: Number(product.priceperunit),
    });
    products.set(first, { product, tiers });
  };
  try {
    await pipeline(bytes, parse({ bom: true, relax_column_count: true }), async (rows: AsyncIterable<string[]>) => {
      for await (const row of rows) readRow(row);
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw invalid(name, metadata.size === 0 ? "it does not begin with FormatVersion" : messageOf(error));
  }
  if (!columns) throw invalid(name, "it has no row of column names");
  if (!hasTerms) throw invalid(name, "it has no on-demand prices");
  for (const { tiers } of products.values()) tiers.sort((a, b) => a.from - b.from);
  return {
    code: metadata.get("OfferCode") as string,
    published: (metadata.get("Publication Date") as string).slice(0, 10),
    products: [...products.values()],
  };
}

function checkMetadata(metadata: ReadonlyMap<string, string>, name: string): void {
  const version = metadata.get("FormatVersion");
  if (version !== "v1.0") throw invalid(name, `FormatVersion is ${version} and not v1.0`);
  if (!metadata.get("OfferCode")) throw invalid(name, "it has no OfferCode");
  if (!/^\d{4}-\d{2}-\d{2}T/.test(metadata.get("Publication Date") ?? "")) {
    throw invalid(name, "it has no Publication Date");
  }
}

function invalid(name: string, why: string): InputError {
  const message = `${name} is not an offer file of AWS's price list in CSV (offers/v1.0/aws/SERVICE/current/REGION/index.csv, not index.json): ${why}.`;
  return new InputError("PRICE_LIST_INVALID", message);
}
