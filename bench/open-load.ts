/**
 * @module Mixed valid and invalid requests at a rate that does not depend on the answers, like the traffic of many clients.
 * Latency counts from when a request was due, so that a stalled server shows.
 */
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../src/random/index";
import { badRequest } from "../tests/serve/fuzz";
import { exchange, mixedRequest, type Sent, send, statusOf } from "../tests/support/mixed-requests";

/** Share of requests that no client library would send. Of the others, one in five is invalid too. */
const BROKEN = 0.05;
/** Number of client addresses. */
const ADDRESSES = 250;
/** Most open connections. */
const SOCKETS = 256;

/** The answers to a load. */
export interface Answers {
  /** Milliseconds of well-formed requests. */
  readonly latencies: number[];
  /** Answers by status; `failed` where a well-formed request got none, `hung up` where a broken one did not. */
  readonly statuses: Map<string, number>;
}

/** The sum of several loads. */
export function together(answers: readonly Answers[]): Answers {
  const sum: Answers = { latencies: answers.flatMap(({ latencies }) => latencies), statuses: new Map() };
  for (const { statuses } of answers) for (const [status, count] of statuses) add(sum, status, count);
  return sum;
}

function add({ statuses }: Answers, status: string, count = 1): void {
  statuses.set(status, (statuses.get(status) ?? 0) + count);
}

export class Load {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  private readonly random = new Random(1, "soak");
  private bursts = 0;

  constructor(
    private readonly url: string,
    private readonly png: Buffer,
  ) {}

  close(): void {
    this.agent.destroy();
  }

  /** Requests per second that are answered when each client sends its next request at once. */
  async capacity(clients: number, seconds: number, signal: AbortSignal): Promise<number> {
    const answers = together([]);
    const started = performance.now();
    const end = started + 1000 * seconds;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (performance.now() < end && !signal.aborted) await this.one(answers, performance.now());
      }),
    );
    signal.throwIfAborted();
    return (1000 * answers.latencies.length) / (performance.now() - started);
  }

  /** Sends requests at random times (a Poisson process) and waits for all answers. @param rate requests per second */
  async steady(rate: number, seconds: number, signal: AbortSignal): Promise<Answers> {
    const answers = together([]);
    const open = new Set<Promise<void>>();
    const end = performance.now() + 1000 * seconds;
    for (let due = performance.now(); due < end && !signal.aborted; due += this.gap(rate)) {
      const early = due - performance.now();
      if (early > 1) await sleep(early, undefined, { signal }).catch(() => undefined);
      const one: Promise<void> = this.one(answers, due).finally(() => open.delete(one));
      open.add(one);
    }
    await Promise.all(open);
    return answers;
  }

  /** A new client exceeds its limit by `tooMany` requests, while many clients send `predictions` at once. */
  async burst(limit: number, tooMany: number, predictions: number): Promise<Answers> {
    const answers = together([]);
    const greedy = `10.1.${this.bursts >> 8}.${this.bursts++ & 255}`;
    let left = limit + tooMany;
    const clients = Array.from({ length: 8 }, async () => {
      while (left-- > 0) await this.asked(answers, { path: "/info" }, greedy);
    });
    const image = { path: "/predict", body: this.png, type: "image/png" };
    const images = Array.from({ length: predictions }, () => this.asked(answers, image, this.address()));
    await Promise.all([...clients, ...images]);
    return answers;
  }

  private async one(answers: Answers, due: number): Promise<void> {
    const { url, agent, random, png } = this;
    if (random.chance(BROKEN)) {
      const { bytes } = badRequest(random, png, "MHIST_aaa.png");
      // Not awaited: the server may wait long for the rest of such a request.
      void exchange(url, bytes).then((text) => add(answers, String(statusOf(text) || "hung up")));
      return;
    }
    const status = await mixedRequest({ url, agent, address: this.address() }, random, png).catch(() => "failed");
    answers.latencies.push(performance.now() - due);
    add(answers, String(status));
  }

  /** Sends a request; a refusal must have a Retry-After. */
  private async asked(answers: Answers, request: Sent, address: string): Promise<void> {
    const { url, agent } = this;
    const { status, retryAfter } = await send({ url, agent, address }, request).catch(() => ({
      status: 0,
      retryAfter: undefined,
    }));
    const refused = status === 429 || status === 503;
    add(answers, status === 0 || (refused && retryAfter === undefined) ? "failed" : String(status));
  }

  private address(): string {
    return `10.0.0.${this.random.integer(ADDRESSES)}`;
  }

  private gap(rate: number): number {
    return (-1000 * Math.log(1 - this.random.next())) / rate;
  }
}
