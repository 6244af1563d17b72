/** @module Parses the address of Redis (or Valkey), and connects with clear errors. */
import { setTimeout as wait } from "node:timers/promises";
import { Queue, QueueBase, type RedisOptions } from "bullmq";
import { HistoError, hasErrorCode, InputError, messageOf } from "../errors/index";
import { credentialsOf, withoutPassword } from "../format/index";

export interface RedisAddress {
  readonly options: RedisOptions;
  /** The address without user and password, for messages. */
  readonly shown: string;
}

/** Time limit of the first connection. */
const CONNECT_MS = 10_000;
const CLOSE_MS = 2000;

/** Reads `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. @throws {InputError} `REDIS_URL_INVALID` */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url?.pathname.slice(1) ?? "";
  if (!url?.hostname || !/^rediss?:$/.test(url.protocol) || !/^\d*$/.test(database)) {
    const message = `--redis ${withoutPassword(text)} is not an address such as redis://127.0.0.1:6379.`;
    throw new InputError("REDIS_URL_INVALID", message);
  }
  const { hostname, port, protocol } = url;
  const fail = (message: string) => new InputError("REDIS_URL_INVALID", message);
  const { username, password } = credentialsOf(url, "the --redis address", fail);
  return {
    shown: `${protocol}//${url.host}`,
    options: {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 6379),
      ...(username && { username }),
      ...(password && { password }),
      ...(database && { db: Number(database) }),
      ...(protocol === "rediss:" && { tls: {} }),
    },
  };
}

/**
 * Opens a queue once Redis has answered. After that, the queue waits when the connection is lost.
 * @param onError called for every lost connection
 * @throws {HistoError} `REDIS_UNREACHABLE`
 */
export async function openQueue<Data, Result, Name extends string>(
  { options, shown }: RedisAddress,
  name: string,
  onError: (error: Error) => void,
): Promise<Queue<Data, Result, Name>> {
  await requireRedis({ options, shown });
  const queue = new Queue<Data, Result, Name>(name, { connection: { ...options, maxRetriesPerRequest: 1 } });
  queue.on("error", onError);
  await queue.waitUntilReady();
  return queue;
}

/** Closes a queue or a worker. @param patienceMs longest time for what it still has to tell Redis */
export async function closeQueue(queue: Pick<QueueBase, "close" | "client">, patienceMs = CLOSE_MS): Promise<void> {
  const closing = queue.close().catch(() => undefined);
  await withinTime(closing, patienceMs);
  // BullMQ goes on to restore a lost connection, which would keep the process.
  await withinTime(
    queue.client.then((client) => client.disconnect()).catch(() => undefined),
    CLOSE_MS,
  );
  await withinTime(closing, CLOSE_MS);
}

async function withinTime(work: Promise<unknown>, milliseconds: number): Promise<void> {
  await Promise.race([work, wait(milliseconds, undefined, { ref: false })]);
}

/** Waits until Redis answers. @throws {HistoError} `REDIS_UNREACHABLE` */
export async function requireRedis({ options, shown }: RedisAddress): Promise<void> {
  // A refused connection would otherwise keep the process for two seconds more.
  const disconnectTimeout = 0;
  const connection = { ...options, retryStrategy: () => null, connectTimeout: CONNECT_MS, disconnectTimeout };
  const probe = new QueueBase("histo-probe", { connection });
  probe.on("error", () => undefined);
  const ended = new AbortController();
  const tooLong = wait(CONNECT_MS, undefined, { signal: ended.signal }).then(() => {
    throw new Error("no answer");
  });
  try {
    await Promise.race([probe.waitUntilReady(), tooLong]);
  } catch (error) {
    throw new HistoError("REDIS_UNREACHABLE", `${shown} ${reasonOf(error)}`, { cause: error });
  } finally {
    ended.abort();
    await probe.close().catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message)) {
    return "refuses this user and password; write them into the address: redis://user:password@host:port.";
  }
  if (hasErrorCode(error, "ECONNREFUSED") || /no answer/.test(message)) {
    return "does not answer; start it (redis-server), or correct --redis or REDIS_URL.";
  }
  if (hasErrorCode(error, "ENOTFOUND")) return "does not exist; correct --redis or REDIS_URL.";
  return `does not answer like a Redis of version 5 or newer (${message.replace(/\.$/, "")}).`;
}
