/** @module The routes of the service and how a path finds its own. */

import { json, PROBLEM_CODES, Problem, type ServiceRequest, type ServiceResponse, text } from "../http/index";
import type { Service } from "../service";
import { curvesRoute } from "./curves";
import { explainRoute } from "./explain";
import { infoRoute, livezRoute, readyzRoute } from "./health";
import { imageRoute, imagesRoute } from "./images";
import { inferRoute, modelMetadataRoute, modelReadyRoute, serverMetadataRoute } from "./open-inference";
import { openApiDocument } from "./openapi";
import { batchRoute, predictRoute } from "./predict";
import {
  cancelSlideRoute,
  slideFileRoute,
  slideMapRoute,
  slideRoute,
  slidesRoute,
  slideTileRoute,
  startSlideRoute,
} from "./slides";

/** The parts of a path that a route names. */
export type Parameters = Readonly<Record<string, string>>;

export interface Route {
  readonly method: "GET" | "POST";
  /** Pattern in the form `/v2/models/{model}`; a last `{name*}` takes the rest of the path. Also the metrics' label. */
  readonly label: string;
  /** Whether a body is read, for one image or for many. */
  readonly body: "none" | "one" | "many";
  /** Answers without an API key too: what load balancers and the page's first view need. */
  readonly open?: boolean;
  answer(service: Service, request: ServiceRequest, parameters: Parameters): Promise<ServiceResponse> | ServiceResponse;
}

const get = (label: string, answer: Route["answer"], open = false): Route => {
  return { method: "GET", label, body: "none", open, answer };
};

/** Every route, in the order of the documentation. */
const ROUTES: readonly Route[] = [
  { method: "POST", label: "/predict", body: "one", answer: predictRoute },
  { method: "POST", label: "/predict/batch", body: "many", answer: batchRoute },
  { method: "POST", label: "/explain", body: "one", answer: explainRoute },
  { method: "POST", label: "/slides", body: "one", answer: startSlideRoute },
  get("/slides", slidesRoute),
  get("/slides/{id}", slideRoute),
  { method: "POST", label: "/slides/{id}/cancel", body: "none", answer: cancelSlideRoute },
  get("/slides/{id}/files/{name}", slideFileRoute),
  get("/slides/{id}/map", slideMapRoute),
  get("/slides/{id}/tiles/{shrink}/{column}/{row}", slideTileRoute),
  get("/info", infoRoute),
  get("/models/{model}/curves", curvesRoute),
  get("/images", imagesRoute),
  get("/images/{name*}", imageRoute),
  get("/livez", livezRoute, true),
  get("/readyz", readyzRoute, true),
  get("/metrics", async ({ metrics }) => text(await metrics.registry.metrics(), metrics.registry.contentType)),
  get("/openapi.json", (service) => json(openApiDocument(service)), true),
  get("/problems", () => json(describeProblems()), true),
  get("/v2", serverMetadataRoute, true),
  get("/v2/health/live", () => json({ live: true }), true),
  get("/v2/health/ready", readyzRoute, true),
  get("/v2/models/{model}", modelMetadataRoute),
  get("/v2/models/{model}/ready", modelReadyRoute, true),
  { method: "POST", label: "/v2/models/{model}/infer", body: "many", answer: inferRoute },
  get("/v2/models/{model}/versions/{version}", modelMetadataRoute),
  get("/v2/models/{model}/versions/{version}/ready", modelReadyRoute, true),
  { method: "POST", label: "/v2/models/{model}/versions/{version}/infer", body: "many", answer: inferRoute },
];

const PATTERNS = ROUTES.map((route) => ({ route, pattern: patternOf(route.label) }));

/**
 * The route of a request and the named parts of its path.
 * @throws {Problem} `ROUTE_NOT_FOUND`, `METHOD_NOT_ALLOWED` or `REQUEST_MALFORMED`
 */
export function findRoute(method: string, path: string): { route: Route; parameters: Parameters } {
  const allowed = new Set<string>();
  for (const { route, pattern } of PATTERNS) {
    const match = pattern.exec(path);
    if (!match) continue;
    if (route.method === method || (method === "HEAD" && route.method === "GET")) {
      return { route, parameters: decode(match.groups ?? {}) };
    }
    allowed.add(route.method);
  }
  if (allowed.size === 0) throw new Problem("ROUTE_NOT_FOUND");
  if (allowed.has("GET")) allowed.add("HEAD");
  throw new Problem("METHOD_NOT_ALLOWED", undefined, { allow: [...allowed].join(", ") });
}

/** True where some route has this path, whatever the method. */
export function isServicePath(path: string): boolean {
  return PATTERNS.some(({ pattern }) => pattern.test(path));
}

function patternOf(label: string): RegExp {
  const source = label
    .replace(/[.]/g, "\\.")
    .replace(/\{(\w+)\*\}/g, "(?<$1>.+)")
    .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}$`);
}

function decode(groups: Readonly<Record<string, string>>): Parameters {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new Problem("REQUEST_MALFORMED", "The path is not validly percent-encoded.");
  }
}

function describeProblems(): Record<string, { status: number; meaning: string }> {
  return Object.fromEntries(
    Object.entries(PROBLEM_CODES).map(([code, [status, meaning]]) => [code, { status, meaning }]),
  );
}
