/** @module The price table: AWS's published prices in an editable, dated file (`serve/aws/prices.json`). */
import { join } from "node:path";
import { InputError } from "../errors/index";
import { projectRoot, readJson } from "../files/index";
import type { CpuArchitecture } from "./settings";

type ByArchitecture = Readonly<Record<CpuArchitecture, number>>;

/** US dollars per unit; the unit is in the name. GB are 10^9 bytes for traffic and storage, 2^30 for Lambda's memory. */
export interface PriceTable {
  readonly region: string;
  /** Year and month of the oldest price. */
  readonly asOf: string;
  /** Day of publication by service, such as `AWSLambda`, for prices set by `histo deploy prices`. */
  readonly published?: Readonly<Record<string, string>>;
  readonly source: string;
  readonly hoursPerMonth: number;
  readonly lambda: {
    readonly requests: number;
    readonly gbSecond: ByArchitecture;
    /** For every second that an environment is kept warm. */
    readonly provisionedGbSecond: ByArchitecture;
    /** For the seconds in which such an environment works. */
    readonly gbSecondOnProvisioned: ByArchitecture;
    readonly snapStartCacheGbSecond: number;
    readonly snapStartRestoreGb: number;
  };
  readonly httpApiRequest: number;
  readonly instanceHour: Readonly<Record<string, number>>;
  readonly databaseHour: Readonly<Record<string, number>>;
  readonly databaseStorageGbMonth: number;
  readonly diskGbMonth: number;
  readonly detailedMonitoringMonth: number;
  readonly interfaceEndpointHour: number;
  readonly natGatewayHour: number;
  readonly efsGbMonth: number;
  readonly efsReadGb: number;
  readonly registryGbMonth: number;
  readonly bucketGbMonth: number;
  readonly transferOutGb: number;
  readonly logGb: number;
  readonly alarmMonth: number;
  readonly metricMonth: number;
  readonly dashboardMonth: number;
  readonly keyMonth: number;
  readonly secretMonth: number;
  readonly hostedZoneMonth: number;
  readonly fargateCpuHour: number;
  readonly fargateGbHour: number;
}

/** The committed table, relative to the project's root. */
export const PRICE_FILE = "serve/aws/prices.json";

/** Reads the committed table, or another one. */
export function readPrices(path = join(projectRoot(), PRICE_FILE)): Promise<PriceTable> {
  return readJson<PriceTable>(path);
}

/** @throws {InputError} `PRICE_MISSING` if the table does not contain the instance type */
export function priceOf(table: Readonly<Record<string, number>>, type: string): number {
  const price = table[type];
  if (price === undefined) {
    throw new InputError("PRICE_MISSING", `No price of ${type} in the price table; add it to ${PRICE_FILE}.`);
  }
  return price;
}
