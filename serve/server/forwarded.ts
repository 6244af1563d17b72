/** @module The client's address behind a proxy that gives it in `Forwarded` only (RFC 7239), which Express does not read. */
import type { IncomingMessage } from "node:http";

/**
 * Passes the addresses of `Forwarded` on as `X-Forwarded-For`, unless the request has that. API Gateway's HTTP APIs remove
 * the latter and append the client's address to the former.
 */
export function readForwarded({ headers }: IncomingMessage): void {
  const { forwarded } = headers;
  if (forwarded === undefined || headers["x-forwarded-for"] !== undefined) return;
  // Addresses have no commas. Those within a client's own quotes must not hide the proxy's part, so that quotes are not read.
  headers["x-forwarded-for"] = forwarded.split(",").map(addressOf).join(", ");
}

function addressOf(part: string): string {
  const address = /(?:^|;)\s*for\s*=\s*"?([^";\s]*)/i.exec(part)?.[1] ?? "unknown";
  return /^\[([^\]]*)\]/.exec(address)?.[1] ?? address.replace(/^([^:]*):\d+$/, "$1");
}
