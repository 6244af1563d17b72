/** @module API keys. They are compared in constant time and never logged. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { ServiceRequest } from "./http";
import { Problem } from "./problem";

/**
 * Lets a request through when no keys are set, or when it carries one of them.
 * @throws {Problem} `UNAUTHORIZED`
 */
export function authorize(headers: ServiceRequest["headers"], keys: readonly string[]): void {
  if (keys.length === 0) return;
  const given = headers["x-api-key"] ?? /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
  const digest = digestOf(given ?? "");
  // Every key is compared, whatever the outcome of the ones before.
  const matches = keys.filter((key) => timingSafeEqual(digestOf(key), digest)).length;
  if (given === undefined || matches === 0) {
    throw new Problem("UNAUTHORIZED", undefined, { "www-authenticate": 'Bearer realm="histo"' });
  }
}

/** Equal lengths, as the comparison needs. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
