/** @module The price table renewed from offer files of AWS's price list. */
import { InputError } from "../../errors/index";
import type { PriceTable } from "../prices";
import type { Offer, Product, Tier } from "./offer-file";
import { isPriceOf, PRICE_RULES, PRICED_OFFERS, type PriceRule } from "./rules";

/** What a renewal did to a table. */
export interface Renewal {
  readonly table: PriceTable;
  /** By name, such as `lambda.requests`: before and after. */
  readonly changed: Readonly<Record<string, readonly [before: number, after: number]>>;
  /** Prices that no given file has: as they were. */
  readonly kept: readonly string[];
}

/** Metrics of a machine's detailed monitoring, which is sold by the metric. */
const DETAILED_METRICS = 7;

/** Whether a product of an offer has a price of the table. */
export function hasPrice(region: string): (offer: string, product: Product) => boolean {
  return (offer, product) => PRICE_RULES.some((rule) => isPriceOf(rule, offer, product, region));
}

/**
 * Puts the prices of offers into a copy of a table. Its date is the month of its oldest price: that of a service changes with
 * the service's file.
 * @throws {InputError} `PRICE_LIST_UNUSED` for an offer of which no price is used, `PRICE_LIST_INCOMPLETE` where an offer lacks a
 *   price, or another region's table would keep prices, `PRICE_LIST_AMBIGUOUS`
 */
export function renewPrices(before: PriceTable, offers: readonly Offer[], region: string): Renewal {
  for (const { code } of offers) {
    if (!PRICE_RULES.some((rule) => rule.offers.includes(code))) {
      throw new InputError(
        "PRICE_LIST_UNUSED",
        `No price of ${code} is used here; used are ${PRICED_OFFERS.join(", ")}.`,
      );
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
    const wanted = PRICED_OFFERS.filter((code) => !offers.some((offer) => offer.code === code));
    throw new InputError(
      "PRICE_LIST_INCOMPLETE",
      `The table is of ${before.region}: for ${region} give the files of all services; missing are ${wanted.join(", ")}.`,
    );
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

/** The price of the first amounts that cost something. */
function priceIn(offers: readonly Offer[], rule: PriceRule, name: string, region: string): number | undefined {
  const type = rule.price.endsWith("*") ? name.slice(rule.price.length - 1) : undefined;
  const prices = offers.flatMap(({ code, products }) =>
    products
      .filter((product) => isPriceOf(rule, code, product, region))
      .filter(({ attributes }) => type === undefined || attributes.instanceType === type)
      .flatMap(({ tiers }) => tiers.find((tier) => isPaid(tier, rule)) ?? []),
  );
  const different = [...new Set(prices.map(({ dollars }) => dollars))];
  if (different.length > 1) {
    throw new InputError("PRICE_LIST_AMBIGUOUS", `The files have several prices for ${name}: ${different.join(", ")}.`);
  }
  return different[0];
}

const isPaid = ({ unit, dollars }: Tier, rule: PriceRule) => dollars > 0 && rule.unit.test(unit);

/** The numbers of a table by name; groups and instance types are parted by the first dots. */
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
