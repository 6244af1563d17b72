/** @module Cross-origin requests: refused by browsers unless an origin is on the list. */
import type { ServiceRequest, ServiceResponse } from "./message";

/** Headers for an answer to a listed origin; none for others. */
export function corsHeaders(
  { headers }: Pick<ServiceRequest, "headers">,
  origins: readonly string[],
): Record<string, string> {
  if (origins.length === 0) return {};
  const origin = headers.origin;
  const allowed = origin !== undefined && (origins.includes(origin) || origins.includes("*"));
  return {
    vary: "origin",
    ...(allowed
      ? {
          "access-control-allow-origin": origin,
          "access-control-expose-headers": "x-request-id, server-timing, retry-after",
        }
      : {}),
  };
}

/** The answer to a browser's question whether it may send a request, or undefined for other requests. */
export function preflight(request: ServiceRequest, origins: readonly string[]): ServiceResponse | undefined {
  if (request.method !== "OPTIONS" || !request.headers["access-control-request-method"]) return undefined;
  const headers = corsHeaders(request, origins);
  if (!headers["access-control-allow-origin"]) return undefined;
  return {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "content-type, authorization, x-api-key, x-request-id",
      "access-control-max-age": "600",
    },
    body: "",
  };
}
