/** @module Cross-origin requests: browsers block them unless the origin is listed. */
import type { ServiceRequest } from "../http/index";
import type { Middleware } from "./compose";

/** Tells browsers whether pages of an origin may send requests, and answers preflight requests. */
export function cors(origins: readonly string[]): Middleware {
  return async (request, next) => {
    if (origins.length === 0) return next(request);
    const headers = corsHeaders(request, origins);
    if (isPreflight(request) && headers["access-control-allow-origin"]) {
      return { status: 204, headers: { ...headers, ...PREFLIGHT_HEADERS }, body: "" };
    }
    const response = await next(request);
    const vary = [headers.vary, response.headers.vary].filter(Boolean).join(", ");
    return { ...response, headers: { ...headers, ...response.headers, vary } };
  };
}

const PREFLIGHT_HEADERS = {
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "content-type, authorization, x-api-key, x-request-id",
  "access-control-max-age": "600",
};

function isPreflight({ method, headers }: ServiceRequest): boolean {
  return method === "OPTIONS" && !!headers["access-control-request-method"];
}

/** CORS headers for listed origins; only `vary` for others. */
function corsHeaders({ headers: { origin } }: ServiceRequest, origins: readonly string[]): Record<string, string> {
  const isAllowed = origin !== undefined && (origins.includes(origin) || origins.includes("*"));
  return {
    vary: "origin",
    ...(isAllowed && {
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "x-request-id, server-timing, retry-after",
    }),
  };
}
