/** @module `/slides`: whole slides of the image source, predicted in the background and looked at in the browser. */
import { numberWritten } from "../../../src/files/index";
import { json, Problem, type ServiceRequest, type ServiceResponse } from "../http/index";
import { isSlideName } from "../images/index";
import type { Service } from "../service";
import type { Parameters } from "./routes";

/** A slide that was asked for. */
export interface SlideState {
  readonly id: string;
  readonly slide: string;
  readonly model: string;
  readonly status: "queued" | "running" | "done" | "failed" | "cancelled";
  /** Tiles predicted and to be predicted; 0 until the tissue has been found. */
  readonly done: number;
  readonly total: number;
  /** Why it failed. */
  readonly problem?: { readonly code: string; readonly detail: string };
  /** `slide.json`, when it is done. */
  readonly summary?: object;
}

/** What to do with a slide. */
export interface SlideOrder {
  readonly slide: string;
  readonly model: string;
  /** Micrometres of a pixel of the model's tiles, and of the slide's. */
  readonly mpp?: number | undefined;
  readonly slideMpp?: number | undefined;
  readonly overlap?: number | undefined;
}

/** Where slides are predicted. A deployment without one says what does it instead. */
export interface SlideHost {
  /** Slides that can be asked for. */
  names(): Promise<readonly string[]>;
  /** @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `QUEUE_FULL` */
  start(order: SlideOrder): Promise<SlideState>;
  states(): readonly SlideState[];
  state(id: string): SlideState | undefined;
  cancel(id: string): void;
  /** A result file; undefined where there is none of this name. */
  file(id: string, name: string): Promise<{ readonly type: string; readonly bytes: Uint8Array } | undefined>;
  /** What the viewer needs: size, scale, and the tiles' answers. */
  map(id: string): Promise<object | undefined>;
  /** A tile of the picture in JPEG, at a power of two below full size (0: full size); undefined outside. */
  tile(id: string, shrink: number, column: number, row: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** `POST /slides`. */
export async function startSlideRoute(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
  const host = hostOf(service);
  const body = parse(request);
  const { slide } = body;
  if (typeof slide !== "string") throw new Problem("FIELD_INVALID", "slide must be the name of a slide.");
  if (!isSlideName(slide)) throw new Problem("IMAGE_NAME_INVALID");
  const model = service.models.get(request.query.get("model"));
  const state = await host.start({
    slide,
    model: model.name,
    mpp: numberIn(body, "mpp", 0.01, 100),
    slideMpp: numberIn(body, "slide_mpp", 0.01, 100),
    overlap: numberIn(body, "overlap", 0, 0.9),
  });
  return json(answerOf(state), 202, { location: `/slides/${state.id}` });
}

/** `GET /slides`. */
export async function slidesRoute(service: Service): Promise<ServiceResponse> {
  const host = hostOf(service);
  return json({ slides: await host.names(), jobs: host.states().map(answerOf) });
}

/** `GET /slides/{id}`. */
export function slideRoute(service: Service, _request: ServiceRequest, { id }: Parameters): ServiceResponse {
  return json(answerOf(stateOf(service, id)));
}

/** `POST /slides/{id}/cancel`. */
export function cancelSlideRoute(service: Service, _request: ServiceRequest, { id }: Parameters): ServiceResponse {
  const { id: known } = stateOf(service, id);
  hostOf(service).cancel(known);
  return json(answerOf(stateOf(service, known)));
}

/** `GET /slides/{id}/files/{name}`. */
export async function slideFileRoute(
  service: Service,
  _request: ServiceRequest,
  { id, name = "" }: Parameters,
): Promise<ServiceResponse> {
  const file = await hostOf(service).file(stateOf(service, id).id, name);
  if (!file) throw new Problem("SLIDE_FILE_NOT_FOUND");
  return { status: 200, headers: { "content-type": file.type, "cache-control": "no-store" }, body: file.bytes };
}

/** `GET /slides/{id}/map`. */
export async function slideMapRoute(
  service: Service,
  _request: ServiceRequest,
  { id }: Parameters,
): Promise<ServiceResponse> {
  const map = await hostOf(service).map(stateOf(service, id).id);
  if (!map) throw new Problem("SLIDE_FILE_NOT_FOUND");
  return json(map);
}

/** `GET /slides/{id}/tiles/{shrink}/{column}/{row}`. */
export async function slideTileRoute(
  service: Service,
  _request: ServiceRequest,
  { id, shrink, column, row }: Parameters,
): Promise<ServiceResponse> {
  const numbers = [shrink, column, row].map((part) => (/^\d{1,7}$/.test(part ?? "") ? Number(part) : Number.NaN));
  if (numbers.some(Number.isNaN)) throw new Problem("SLIDE_FILE_NOT_FOUND");
  const [by, x, y] = numbers as [number, number, number];
  const bytes = await hostOf(service).tile(stateOf(service, id).id, by, x, y);
  if (!bytes) throw new Problem("SLIDE_FILE_NOT_FOUND");
  const headers = { "content-type": "image/jpeg", "cache-control": "private, max-age=3600" };
  return { status: 200, headers, body: bytes };
}

function hostOf({ slides }: Service): SlideHost {
  if (!slides) throw new Problem("SLIDES_UNSUPPORTED");
  return slides;
}

function stateOf(service: Service, id = ""): SlideState {
  const state = hostOf(service).state(id);
  if (!state) throw new Problem("SLIDE_NOT_FOUND");
  return state;
}

/** Where everything of a slide is. */
function answerOf(state: SlideState): object {
  const base = `/slides/${state.id}`;
  const files = ["slide.json", "tiles.csv", "tiles.geojson", "heatmap.png"];
  return {
    ...state,
    ...(state.status === "done" && { files: files.map((name) => `${base}/files/${name}`), map: `${base}/map` }),
  };
}

function parse({ body }: ServiceRequest): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    throw new Problem("JSON_MALFORMED");
  }
  throw new Problem("FIELD_INVALID", "The body must be an object.");
}

function numberIn(body: Record<string, unknown>, name: string, low: number, high: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === "string" ? numberWritten(value) : value;
  if (typeof number === "number" && number >= low && number <= high) return number;
  throw new Problem("FIELD_INVALID", `${name} must be a number from ${low} to ${high}.`);
}
