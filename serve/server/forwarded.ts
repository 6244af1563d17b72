/** @module The client's address behind a proxy that gives it in `Forwarded` only (RFC 7239), which Express does not read. */
import type { IncomingMessage } from "node:http";

/** An address: a word, or a quoted text such as `"[2001:db8::1]:443"`. */
const ADDRESS = /(?:^|[,;])\s*for\s*=\s*(?:"([^"]*)"|([^,;\s]*))/gi;

/**
 * Passes the addresses of `Forwarded` on as `X-Forwarded-For`, unless the request has that. API Gateway's HTTP APIs remove
 * the latter and append the client's address to the former.
 */
export function readForwarded({ headers }: IncomingMessage): void {
  const { forwarded } = headers;
  if (forwarded === undefined || headers["x-forwarded-for"] !== undefined) return;
  const addresses = [...forwarded.matchAll(ADDRESS)].map(([, quoted, word]) => withoutPort(quoted ?? word ?? ""));
  if (addresses.length > 0) headers["x-forwarded-for"] = addresses.join(", ");
}

function withoutPort(address: string): string {
  return /^\[([^\]]*)\]/.exec(address)?.[1] ?? address.replace(/^([^:]*):\d+$/, "$1");
}
