/**
 * @module An offer file of AWS's price list (bulk API, JSON, `formatVersion` v1.0): the products of one service in one region, and
 * their terms. https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
 */
import { HistoError, InputError, messageOf } from "../../errors/index";
import { jsonEntries } from "./json-entries";

/** What is sold: the family and attributes such as `usagetype`. */
export interface Product {
  readonly sku: string;
  readonly productFamily?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

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
  /** On-demand prices of the wanted products, each by its lowest amount. */
  readonly products: readonly (Product & { readonly tiers: readonly Tier[] })[];
}

interface Term {
  readonly priceDimensions: Readonly<
    Record<
      string,
      { readonly beginRange?: string; readonly unit: string; readonly pricePerUnit: { readonly USD?: string } }
    >
  >;
}

/**
 * Reads an offer file as it arrives.
 * @param name what error messages call it
 * @param isWanted whether a product of an offer is kept
 * @throws {InputError} `PRICE_LIST_INVALID` where it is something else, or ends too early
 */
export async function readOffer(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  isWanted: (offer: string, product: Product) => boolean,
): Promise<Offer> {
  const head: Record<string, string> = {};
  const wanted = new Map<string, Product>();
  const tiers = new Map<string, Tier[]>();
  try {
    for await (const { path, value } of jsonEntries(bytes, [["products"], ["terms", "OnDemand"]])) {
      const section = path[0] as string;
      if (typeof value === "string") head[section] = value;
      else if (section === "products") {
        const product = value as Product;
        mustBeOffer(head, name);
        if (isWanted(head.offerCode as string, product)) wanted.set(product.sku, product);
      } else {
        const sku = path[2] as string;
        if (wanted.has(sku)) tiers.set(sku, tiersOf(Object.values(value as Record<string, Term>)));
      }
    }
  } catch (error) {
    if (error instanceof HistoError) throw error;
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw invalid(name, messageOf(error));
  }
  mustBeOffer(head, name);
  if (tiers.size === 0 && wanted.size > 0) throw invalid(name, "it has no on-demand terms");
  return {
    code: head.offerCode as string,
    published: (head.publicationDate as string).slice(0, 10),
    products: [...wanted.values()].map((product) => ({ ...product, tiers: tiers.get(product.sku) ?? [] })),
  };
}

function tiersOf(terms: readonly Term[]): Tier[] {
  return terms
    .flatMap(({ priceDimensions }) => Object.values(priceDimensions))
    .flatMap(({ beginRange = "0", unit, pricePerUnit: { USD } }) =>
      USD === undefined ? [] : [{ from: Number(beginRange), unit, dollars: Number(USD) }],
    )
    .sort((a, b) => a.from - b.from);
}

function mustBeOffer({ formatVersion, offerCode, publicationDate }: Record<string, string>, name: string): void {
  if (formatVersion !== "v1.0") throw invalid(name, `formatVersion is ${formatVersion ?? "missing"} and not v1.0`);
  if (!offerCode) throw invalid(name, "it names no offerCode");
  if (!/^\d{4}-\d{2}-\d{2}T/.test(publicationDate ?? "")) throw invalid(name, "it has no publicationDate");
}

function invalid(name: string, why: string): InputError {
  return new InputError(
    "PRICE_LIST_INVALID",
    `${name} is no offer file of AWS's price list in JSON (offers/v1.0/aws/SERVICE/current/REGION/index.json): ${why}.`,
  );
}
