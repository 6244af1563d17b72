/** @module The routes of the service, and finding the route of a path. */
import { json, PROBLEM_CODES, Problem, type ServiceRequest, text } from "../http/index";
import type { Handler, Route, RoutedRequest } from "./context";
import { feedbackRoute } from "./feedback";
import { infoRoute, livezRoute, readyzRoute } from "./health";
import { imageRoute, imagesRoute } from "./images";
import { curvesRoute, metRoute } from "./models";
import { inferRoute, modelMetadataRoute, modelReadyRoute, serverMetadataRoute } from "./open-inference";
import { type DescribedRoute, type OperationId, openApiDocument } from "./openapi";
import { batchRoute, explainRoute, predictRoute } from "./predict";
import {
  cancelSlideRoute,
  slideFileRoute,
  slideMapRoute,
  slideRoute,
  slidesRoute,
  slideTileRoute,
  startSlideRoute,
} from "./slides";
import type { WebFiles } from "./web-files";

const GET = ["GET", "HEAD"];
const POST = ["POST"];

interface ListedRoute extends DescribedRoute {
  readonly pattern: RegExp;
}

function get(label: string, operation: OperationId, answer: Handler, { open = false } = {}): ListedRoute {
  return { methods: GET, label, operation, pattern: patternOf(label), body: "none", open, answer };
}

function post(label: string, operation: OperationId, body: Route["body"], answer: Handler): ListedRoute {
  return { methods: POST, label, operation, pattern: patternOf(label), body, open: false, answer };
}

/**
 * A handler that refuses other parameters of the query than these, and one that is given twice: misspelt ones and all but the first
 * would change nothing, unnoticed.
 */
function taking(known: readonly string[], answer: Handler): Handler {
  return (context, request) => {
    const names = [...request.query.keys()];
    const unknown = names.find((name) => !known.includes(name));
    const repeated = names.find((name, i) => names.indexOf(name) < i);
    if (unknown === undefined && repeated === undefined) return answer(context, request);
    if (unknown === undefined) throw new Problem("FIELD_INVALID", `The parameter ${repeated} is given more than once.`);
    const message = `There is no parameter ${unknown.slice(0, 80)}; ${request.route.label} takes ${known.join(", ")}.`;
    throw new Problem("FIELD_INVALID", message);
  };
}

const open = true;

/** All routes, in the order of the documentation. */
export const ROUTES: readonly ListedRoute[] = [
  post("/predict", "predict", "one", taking(["model", "tile"], predictRoute)),
  post("/predict/batch", "predictBatch", "many", taking(["model", "tile"], batchRoute)),
  post("/explain", "explain", "one", taking(["model", "grid"], explainRoute)),
  post("/feedback", "keepFeedback", "one", feedbackRoute),
  post("/slides", "startSlide", "one", taking(["model"], startSlideRoute)),
  get("/slides", "listSlides", slidesRoute),
  get("/slides/{id}", "slide", slideRoute),
  post("/slides/{id}/cancel", "cancelSlide", "none", cancelSlideRoute),
  get("/slides/{id}/files/{name}", "slideFile", slideFileRoute),
  get("/slides/{id}/map", "slideMap", slideMapRoute),
  get("/slides/{id}/tiles/{shrink}/{column}/{row}", "slideTile", slideTileRoute),
  get("/info", "info", infoRoute),
  get("/models/{model}/curves", "curves", curvesRoute),
  get("/models/{model}/met", "met", metRoute),
  get("/images", "listImages", taking(["offset", "limit"], imagesRoute)),
  get("/images/{name*}", "getImage", taking(["thumbnail"], imageRoute)),
  get("/livez", "live", livezRoute, { open }),
  get("/readyz", "ready", readyzRoute, { open }),
  get("/metrics", "metrics", async ({ metrics }) =>
    text(await metrics.registry.metrics(), metrics.registry.contentType),
  ),
  get("/openapi.json", "describe", (service) => json(openApiDocument(service, ROUTES)), { open }),
  get("/problems", "listProblems", () => json(describeProblems()), { open }),
  get("/v2", "serverMetadata", serverMetadataRoute, { open }),
  get("/v2/health/live", "serverLive", () => json({ live: true }), { open }),
  get("/v2/health/ready", "serverReady", readyzRoute, { open }),
  get("/v2/models/{model}", "modelMetadata", modelMetadataRoute),
  get("/v2/models/{model}/ready", "modelReady", modelReadyRoute, { open }),
  post("/v2/models/{model}/infer", "modelInfer", "many", inferRoute),
  get("/v2/models/{model}/versions/{version}", "versionMetadata", modelMetadataRoute),
  get("/v2/models/{model}/versions/{version}/ready", "versionReady", modelReadyRoute, { open }),
  post("/v2/models/{model}/versions/{version}/infer", "versionInfer", "many", inferRoute),
];

/** The response to `OPTIONS *`: the server's methods. */
const ANY_METHOD: Route = {
  label: "options",
  body: "none",
  open,
  answer: () => ({ status: 204, headers: { allow: "GET, HEAD, POST, OPTIONS" }, body: "" }),
};

export function refusal(error: unknown, label = "none"): Route {
  const answer = () => {
    throw error;
  };
  return { label, body: "none", open, answer };
}

/** A request's route; without a matching one, a route that responds with a problem. @param web the page's files */
export function findRoute(
  { method, path }: Pick<ServiceRequest, "method" | "path">,
  web: WebFiles | undefined,
): Pick<RoutedRequest, "route" | "parameters"> {
  if (method === "OPTIONS" && path === "*") return { route: ANY_METHOD, parameters: {} };
  const matches = ROUTES.flatMap((route) => {
    const match = route.pattern.exec(path);
    return match ? [{ route, groups: match.groups ?? {} }] : [];
  });
  const found = matches.find(({ route }) => route.methods.includes(method));
  if (found) return withParameters(found.route, found.groups);
  const allow = matches.flatMap(({ route }) => route.methods).join(", ");
  if (allow) return { route: refusal(new Problem("METHOD_NOT_ALLOWED", undefined, { allow })), parameters: {} };
  if (!web?.has(path)) return { route: refusal(new Problem("ROUTE_NOT_FOUND")), parameters: {} };
  return { route: { label: "page", body: "none", open, answer: (_, request) => web.answer(request) }, parameters: {} };
}

function patternOf(label: string): RegExp {
  const source = label
    .replace(/[.]/g, "\\.")
    .replace(/\{(\w+)\*\}/g, "(?<$1>.+)")
    .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}$`);
}

function withParameters(route: Route, groups: Readonly<Record<string, string>>) {
  try {
    const decoded = Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { route, parameters: Object.fromEntries(decoded) };
  } catch {
    const problem = new Problem("REQUEST_MALFORMED", "The path is not validly percent-encoded.");
    return { route: refusal(problem), parameters: {} };
  }
}

function describeProblems(): Record<string, { status: number; meaning: string }> {
  return Object.fromEntries(
    Object.entries(PROBLEM_CODES).map(([code, [status, meaning]]) => [code, { status, meaning }]),
  );
}
