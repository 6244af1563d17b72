/** @module Headers of responses: security, pages of listed origins that may call the service, and compression. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import helmet from "helmet";
import { acceptsGzip, Problem, type ServiceRequest } from "../http/index";
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

/**
 * Refuses what the page of another site sends without being listed. Browsers send a form, or a text that is JSON, without asking
 * first: it would have its effect, although that page never reads the answer.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function refuseOtherSites(origins: readonly string[]): Middleware {
  return (request, next) => {
    const { method, headers } = request;
    const isOtherSite = ["cross-site", "same-site"].includes(headers["sec-fetch-site"] ?? "");
    if (method === "POST" && isOtherSite && !isListed(headers.origin, origins)) throw new Problem("ORIGIN_REFUSED");
    return next(request);
  };
}

/**
 * Refuses requests for hosts that are not listed. A page whose name is made to lead to this machine (DNS rebinding) is the same
 * site for the browser, but its requests keep that name. Addresses and names without a dot, such as `localhost` and a container's,
 * are nobody's on the internet.
 * @param hosts names without ports; `*` for all
 */
export function refuseOtherHosts(hosts: readonly string[]): Middleware {
  return (request, next) => {
    const host = hostOf(request.headers.host ?? "localhost");
    const isNobodys = isIP(host) > 0 || !host.includes(".") || host.endsWith(".localhost");
    if (!isNobodys && !hosts.includes(host) && !hosts.includes("*")) throw new Problem("HOST_REFUSED");
    return next(request);
  };
}

/** The name or address of a Host header, without port, brackets and the dot of absolute names. */
function hostOf(header: string): string {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? [];
  return (bracketed ?? plain.replace(/\.$/, "")).toLowerCase();
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
  return {
    vary: "origin",
    ...(isListed(origin, origins) && {
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "x-request-id, server-timing, retry-after",
    }),
  };
}

function isListed(origin: string | undefined, origins: readonly string[]): origin is string {
  return origin !== undefined && (origins.includes(origin) || origins.includes("*"));
}

/** Hashes of the style elements of plotly.js (an empty one, filled by script, and that of its mode bar) and OpenSeadragon. */
const LIBRARY_STYLES = [
  "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
  "'sha256-V2sIX92Uh6ZaGSFTKMHghsB85b9toJtmazgG09AI2uk='",
  "'sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE='",
];

/**
 * helmet's headers as plain data, so that Express and Lambda send the same ones.
 * @param connect further origins that the page may call, such as a Lambda endpoint
 */
export function securityHeaders(connect: readonly string[] = []): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const recorder = {
    setHeader(name: string, value: string) {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", ...LIBRARY_STYLES],
        imgSrc: ["'self'", "data:", "blob:"],
        connectSrc: ["'self'", ...connect],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: "deny" },
  })(undefined as unknown as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return { ...headers, "permissions-policy": "camera=(self), microphone=(), geolocation=()" };
}

/** Shorter answers, such as predictions, gain less than the work costs. */
const LEAST_BYTES = 4096;
const TEXTS = /^(?:text\/|application\/(?:[\w.-]+\+)?json)/;

const zip = promisify(gzip);

/** Compresses texts; pictures and the page's files are compressed already. */
export function compressAnswers(): Middleware {
  return async (request, next) => {
    const response = await next(request);
    const { headers, body } = response;
    if (!TEXTS.test(headers["content-type"] ?? "") || "content-encoding" in headers) return response;
    if (Buffer.byteLength(body) < LEAST_BYTES) return response;
    const told = { ...headers, vary: "accept-encoding" };
    if (!acceptsGzip(request.headers["accept-encoding"])) return { ...response, headers: told };
    // The lowest level makes lists of names a tenth as long, in a third of the usual time.
    return { ...response, headers: { ...told, "content-encoding": "gzip" }, body: await zip(body, { level: 1 }) };
  };
}
