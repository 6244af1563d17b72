/** @module The sending side of a process: one delivery per open spool, driven by messages. Runs in a worker thread. */

import type { Notice } from "./contact";
import { Delivery, type DeliveryReport } from "./delivery";
import { Journal } from "./journal";
import { Mlflow } from "./mlflow";
import { connectionSettings } from "./settings";
import { SpoolDirectory } from "./spool-directory";
import { SystemSampler } from "./system-metrics";
import { toWireNumber } from "./values";

/** A small request that takes longer than this is tried again. */
const REQUEST_TIMEOUT_MS = 60_000;

export type DeliveryCommand =
  | {
      readonly kind: "open";
      readonly directory: string;
      readonly trackingUri: string;
      /** The run has just been begun. */
      readonly fresh: boolean;
      /** Samples `system/*` metrics this often; 0 for never. */
      readonly systemMetricsMs: number;
      /** When the run began: steps of system metrics count from there, also after a restart. */
      readonly startTime: number;
    }
  | {
      readonly kind: "close";
      readonly directory: string;
      readonly patienceMs: number;
      readonly withoutContactMs: number;
    };

export interface DeliveryMessage {
  readonly directory: string;
  readonly notice?: Notice;
  /** The delivery has ended. */
  readonly report?: DeliveryReport;
}

export class DeliveryService {
  private readonly deliveries = new Map<string, { delivery: Delivery; stopSampling: () => void }>();

  constructor(private readonly send: (message: DeliveryMessage) => void) {}

  handle(command: DeliveryCommand): void {
    if (command.kind === "open") this.open(command);
    else this.deliveries.get(command.directory)?.delivery.close(command.patienceMs, command.withoutContactMs);
    if (command.kind === "close") this.deliveries.get(command.directory)?.stopSampling();
  }

  private open(command: Extract<DeliveryCommand, { kind: "open" }>): void {
    const { directory } = command;
    const settings = connectionSettings(command.trackingUri);
    const client = new Mlflow({
      ...settings,
      maxRetries: 0,
      timeoutMs: Math.min(settings.timeoutMs, REQUEST_TIMEOUT_MS),
    });
    const spool = new SpoolDirectory(directory);
    const delivery = new Delivery(spool, client, (notice) => this.send({ directory, notice }), command.fresh);
    const stopSampling = command.systemMetricsMs > 0 ? sampleInto(spool, command) : () => undefined;
    this.deliveries.set(directory, { delivery, stopSampling });
    void delivery.run().then((report) => {
      stopSampling();
      client.close();
      this.deliveries.delete(directory);
      this.send({ directory, report });
    });
  }
}

/** Samples the machine into a journal until the returned function is called. */
function sampleInto(
  spool: SpoolDirectory,
  { systemMetricsMs, startTime }: { systemMetricsMs: number; startTime: number },
): () => void {
  const journal = new Journal(spool);
  const sampler = new SystemSampler();
  let open = true;
  const timer = setInterval(async () => {
    const sample = await sampler.sample();
    if (!open) return;
    const now = Date.now();
    const step = Math.round((now - startTime) / systemMetricsMs);
    const values = Object.entries(sample);
    journal.append({
      type: "metrics",
      points: values.map(([name, value]) => [`system/${name}`, toWireNumber(value), now, step]),
    });
  }, systemMetricsMs).unref();
  return () => {
    if (open) journal.close();
    open = false;
    clearInterval(timer);
  };
}
