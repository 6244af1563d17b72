/** @module Updates the price table from offer files of AWS's price list. */
import { InputError } from "../../errors/index";
import type { PriceTable } from "../prices";
import type { Offer, Product, Tier } from "./offer-file";
import { isPriceOf, PRICE_RULES, PRICED_OFFERS, type PriceRule } from "./rules";

/** An updated table and what changed. */
export interface Renewal {
  readonly table: PriceTable;
  /** By name, such as `lambda.requests`: before and after. */
  readonly changed: Readonly<Record<string, readonly [before: number, after: number]>>;
  /** Prices that are in none of the files and did not change. */
  readonly kept: readonly string[];
}

/** Number of metrics of a machine's detailed monitoring, which is priced by metric. */
const DETAILED_METRICS = 7;

/** Tells whether the table contains the price of a product. */
export function hasPrice(region: string): (offer: string, product: Product) => boolean {
  return (offer, product) => PRICE_RULES.some((rule) => isPriceOf(rule, offer, product, region));
}

/**
 * Copies the prices of offers into a new table. The table's date is the month of its oldest price.
 * @throws {InputError} `PRICE_LIST_UNUSED` for an offer without a price of the table, `PRICE_LIST_AMBIGUOUS`,
 *   `PRICE_LIST_INCOMPLETE` if an offer lacks a price or the table would mix regions
 */
export function renewPrices(before: PriceTable, offers: readonly Offer[], region: string): Renewal {
  for (const { code } of offers) {
    if (!PRICE_RULES.some((rule) => rule.offers.includes(code))) {
      const message = `No price of ${code} is used. Give files of ${PRICED_OFFERS.join(", ")}.`;
      throw new InputError("PRICE_LIST_UNUSED", message);
    }
  }
  const prices = new Map(entriesOf(before));
  const found = new Map<string, number>();
  const missing: string[] = [];
  for (const name of prices.keys()) {
    const rule = ruleOf(name);
    if (!rule) continue;
    const files = offers.filter(({ code }) => rule.offers.includes(code));
    const price = priceIn(files, rule, name, region);
    if (price !== undefined) found.set(name, price);
    else if (files.some(({ code }) => code === rule.offers[0])) missing.push(`${name} in ${rule.offers[0]}`);
  }
  if (missing.length > 0) {
    throw new InputError("PRICE_LIST_INCOMPLETE", `The files have no price in ${region} for ${missing.join(", ")}.`);
  }
  const metric = found.get("metricMonth");
  if (metric !== undefined) found.set("detailedMonitoringMonth", Number((DETAILED_METRICS * metric).toPrecision(12)));
  const kept = [...prices.keys()].filter((name) => name !== "hoursPerMonth" && !found.has(name));
  if (region !== before.region && kept.length > 0) {
    const absent = PRICED_OFFERS.filter((code) => !offers.some((offer) => offer.code === code));
    const message = `The table has prices of ${before.region}. For ${region} give the files of all services; missing are ${absent.join(", ")}.`;
    throw new InputError("PRICE_LIST_INCOMPLETE", message);
  }
  const dates = { ...before.published, ...Object.fromEntries(offers.map(({ code, published }) => [code, published])) };
  const months = PRICED_OFFERS.map((code) => (dates[code] ?? before.asOf).slice(0, 7));
  const table = { ...before, region, asOf: months.sort()[0] as string, published: dates };
  const changed = [...found].filter(([name, price]) => prices.get(name) !== price);
  return {
    table: withPrices(table, found),
    changed: Object.fromEntries(changed.map(([name, price]) => [name, [prices.get(name) as number, price]])),
    kept,
  };
}

function ruleOf(name: string): PriceRule | undefined {
  return PRICE_RULES.find(
    ({ price }) => price === name || (price.endsWith("*") && name.startsWith(price.slice(0, -1))),
  );
}

/** The price of the first tier that is not free. */
function priceIn(offers: readonly Offer[], rule: PriceRule, name: string, region: string): number | undefined {
  const type = rule.price.endsWith("*") ? name.slice(rule.price.length - 1) : undefined;
  const prices = offers.flatMap(({ code, products }) =>
    products
      .filter(({ product }) => isPriceOf(rule, code, product, region))
      .filter(({ product }) => type === undefined || product.instancetype === type)
      .flatMap(({ tiers }) => tiers.find((tier) => isPaid(tier, rule)) ?? []),
  );
  const different = [...new Set(prices.map(({ dollars }) => dollars))];
  if (different.length > 1) {
    throw new InputError("PRICE_LIST_AMBIGUOUS", `The files have several prices for ${name}: ${different.join(", ")}.`);
  }
  return different[0];
}

const isPaid = ({ unit, dollars }: Tier, rule: PriceRule) => dollars > 0 && rule.unit.test(unit);

/** The prices of a table with their names, such as `lambda.requests`. */
function entriesOf(value: object, prefix = ""): [string, number][] {
  return Object.entries(value).flatMap(([key, inner]): [string, number][] => {
    if (typeof inner === "number") return [[`${prefix}${key}`, inner]];
    return typeof inner === "object" && inner !== null ? entriesOf(inner, `${prefix}${key}.`) : [];
  });
}

function withPrices<T extends object>(value: T, prices: ReadonlyMap<string, number>, prefix = ""): T {
  const entries = Object.entries(value).map(([key, inner]) => {
    const name = `${prefix}${key}`;
    if (typeof inner === "object" && inner !== null) return [key, withPrices(inner, prices, `${name}.`)];
    return [key, prices.get(name) ?? inner];
  });
  return Object.fromEntries(entries) as T;
}
