/** @module Collects metrics, parameters and tags into requests of allowed size, and finds the items that the server rejects. */
import { ApiError, isGone } from "../client/errors";
import { BATCH_LIMITS, type WireMetric } from "../client/values";
import type { RecordEvent } from "./journal";

export interface Entry {
  readonly key: string;
  readonly value: string;
}

export interface BatchContent {
  readonly metrics: readonly WireMetric[];
  readonly params: readonly Entry[];
  readonly tags: readonly Entry[];
}

export class Batch implements BatchContent {
  readonly metrics: WireMetric[] = [];
  readonly params: Entry[] = [];
  readonly tags: Entry[] = [];
  private bytes = 0;

  get size(): number {
    return this.metrics.length + this.params.length + this.tags.length;
  }

  /** Adds an event of `length` bytes; false if it does not fit. (It always fits into an empty batch.) */
  add(event: RecordEvent, length: number): boolean {
    const entries = event.type === "metrics" ? event.points : event.entries;
    const kind = this[event.type].length + entries.length;
    const tooMany = kind > BATCH_LIMITS[event.type] || this.size + entries.length > BATCH_LIMITS.total;
    if (this.size > 0 && (tooMany || this.bytes + length > BATCH_LIMITS.bytes)) return false;
    this.bytes += length;
    if (event.type === "metrics") {
      for (const [key, value, timestamp, step] of event.points) this.metrics.push({ key, value, timestamp, step });
    } else {
      for (const [key, value] of event.entries) this[event.type].push({ key, value });
    }
    return true;
  }
}

/**
 * Sends a batch. If the server rejects it, sends its halves, until the rejected items are found; these go to `reject`, and the
 * others are stored.
 * @param send throws an {@link ApiError} only if the content is rejected for good, or the run does not exist
 * @throws any other error
 */
export async function sendBatch(
  batch: BatchContent,
  send: (content: BatchContent) => Promise<void>,
  reject: (content: BatchContent, error: ApiError) => Promise<void>,
): Promise<void> {
  try {
    await send(batch);
  } catch (error) {
    if (!(error instanceof ApiError) || isGone(error)) throw error;
    const halves = split(batch);
    if (!halves) return reject(batch, error);
    for (const half of halves) await sendBatch(half, send, reject);
  }
}

function split(batch: BatchContent): BatchContent[] | undefined {
  const kinds = (["metrics", "params", "tags"] as const).filter((kind) => batch[kind].length > 0);
  const [kind = "metrics"] = kinds;
  const part = (kind: keyof BatchContent, from: number, to?: number) => {
    return { metrics: [], params: [], tags: [], [kind]: batch[kind].slice(from, to) };
  };
  if (kinds.length > 1) return kinds.map((kind) => part(kind, 0));
  const half = batch[kind].length >> 1;
  return half > 0 ? [part(kind, 0, half), part(kind, half)] : undefined;
}

/** Converts the value of a metric back to a number. */
export function numeric<T extends { value: number | string }>(metric: T): T & { value: number } {
  return { ...metric, value: Number(metric.value) };
}
