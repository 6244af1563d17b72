/** @module `/slides`: predicts whole slides of the image source in the background and shows them in the browser. */
import { parseDecimal } from "../../../src/files/index";
import { json, Problem, readJsonBody } from "../http/index";
import { isSlideName } from "../images/index";
import type { Handler, RoutedRequest, ServiceContext, SlideHost, SlideOrder, SlideState } from "./context";

const FIELDS = ["slide", "mpp", "slide_mpp", "overlap", "profile"];

export const startSlideRoute: Handler = async (context, { body, query }) => {
  const host = hostOf(context);
  const order = readJsonBody(body, FIELDS);
  const { slide } = order;
  if (typeof slide !== "string") throw new Problem("FIELD_INVALID", "slide must be the name of a slide.");
  if (!isSlideName(slide)) throw new Problem("IMAGE_NAME_INVALID");
  const state = await host.start({
    slide,
    model: context.models.get(query.get("model")).name,
    mpp: numberIn(order, "mpp", 0.01, 100),
    slideMpp: numberIn(order, "slide_mpp", 0.01, 100),
    overlap: numberIn(order, "overlap", 0, 0.9),
    profile: profileIn(order),
  });
  return json(answerOf(state), 202, { location: `/slides/${state.id}` });
};

export const slidesRoute: Handler = async (context) => {
  const host = hostOf(context);
  return json({ slides: await host.names(), jobs: host.states().map(answerOf) });
};

export const slideRoute: Handler = (context, request) => json(answerOf(jobOf(context, request).state));

export const cancelSlideRoute: Handler = (context, request) => {
  const { host, id } = jobOf(context, request);
  host.cancel(id);
  return slideRoute(context, request);
};

export const slideFileRoute: Handler = async (context, request) => {
  const { host, id } = jobOf(context, request);
  const file = await host.file(id, request.parameters.name ?? "");
  if (!file) throw new Problem("SLIDE_FILE_NOT_FOUND");
  return { status: 200, headers: { "content-type": file.type, "cache-control": "no-store" }, body: file.bytes };
};

export const slideMapRoute: Handler = async (context, request) => {
  const { host, id } = jobOf(context, request);
  const map = await host.map(id);
  if (!map) throw new Problem("SLIDE_FILE_NOT_FOUND");
  return json(map);
};

export const slideTileRoute: Handler = async (context, request) => {
  const { shrink, column, row } = request.parameters;
  const numbers = [shrink, column, row].map((part) => (/^\d{1,7}$/.test(part ?? "") ? Number(part) : Number.NaN));
  if (numbers.some(Number.isNaN)) throw new Problem("SLIDE_FILE_NOT_FOUND");
  const { host, id } = jobOf(context, request);
  const bytes = await host.tile(id, ...(numbers as [number, number, number]));
  if (!bytes) throw new Problem("SLIDE_FILE_NOT_FOUND");
  const headers = { "content-type": "image/jpeg", "cache-control": "private, max-age=3600" };
  return { status: 200, headers, body: bytes };
};

function hostOf({ slides }: ServiceContext): SlideHost {
  if (!slides) throw new Problem("SLIDES_UNSUPPORTED");
  return slides;
}

function jobOf(context: ServiceContext, { parameters: { id = "" } }: RoutedRequest) {
  const host = hostOf(context);
  const state = host.state(id);
  if (!state) throw new Problem("SLIDE_NOT_FOUND");
  return { host, id, state };
}

/** A slide's state, with the addresses of its files. */
function answerOf(state: SlideState): object {
  const base = `/slides/${state.id}`;
  const files = ["slide.json", "tiles.csv", "tiles.geojson", "heatmap.png"];
  return {
    ...state,
    ...(state.status === "done" && { files: files.map((name) => `${base}/files/${name}`), map: `${base}/map` }),
  };
}

function profileIn({ profile }: Readonly<Record<string, unknown>>): SlideOrder["profile"] {
  if (profile === undefined || profile === null) return undefined;
  if (profile === "ignore" || profile === "apply") return profile;
  throw new Problem("FIELD_INVALID", "profile must be ignore or apply.");
}

function numberIn(
  body: Readonly<Record<string, unknown>>,
  name: string,
  low: number,
  high: number,
): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === "string" ? parseDecimal(value) : value;
  if (typeof number === "number" && number >= low && number <= high) return number;
  throw new Problem("FIELD_INVALID", `${name} must be a number from ${low} to ${high}.`);
}
