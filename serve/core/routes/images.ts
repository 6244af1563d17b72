/** @module `GET /images` and `GET /images/{name}`: the images of the source, for the page. */
import { parseDecimal } from "../../../src/files/index";
import { imageFormat } from "../../../src/image/index";
import { json, Problem } from "../http/index";
import { checkImageName } from "../images/index";
import type { Handler } from "./context";

const LARGEST_PAGE = 5000;
const LARGEST_THUMBNAIL = 512;
/** Small pictures may be old for a while. What stands beside an answer must be the image that was predicted. */
const CACHE = { thumbnail: "private, max-age=3600", image: "private, no-cache" };

/** The images' names with label and votes if known: `{source, total, images: [{name, class, votes}]}`. */
export const imagesRoute: Handler = async ({ images }, { query }) => {
  if (!images) return json({ source: null, total: 0, images: [] });
  const offset = whole(query, "offset", 0, Number.MAX_SAFE_INTEGER);
  const limit = whole(query, "limit", LARGEST_PAGE, LARGEST_PAGE);
  const all = await images.list();
  return json({
    source: { kind: images.kind, label: images.label, drawn: images.drawn ?? false },
    total: all.length,
    images: all.slice(offset, offset + limit),
  });
};

/** The stored image, or with `?thumbnail=96` a small JPEG of it. */
export const imageRoute: Handler = async ({ images, models }, { query, memory, parameters }) => {
  if (!images) throw new Problem("IMAGES_NOT_CONFIGURED");
  const filename = checkImageName(parameters.name);
  const bytes = await images.read(filename, memory);
  if (!query.has("thumbnail"))
    return { status: 200, headers: { "cache-control": CACHE.image, "content-type": typeOf(bytes) }, body: bytes };
  const edge = whole(query, "thumbnail", 96, LARGEST_THUMBNAIL, 16);
  const body = await models.get().thumbnail(bytes, edge);
  return { status: 200, headers: { "cache-control": CACHE.thumbnail, "content-type": "image/jpeg" }, body };
};

/** The media type by content: the requested name may have another extension than the image. */
function typeOf(bytes: Uint8Array): string {
  const format = imageFormat(bytes);
  return format ? `image/${format}` : "application/octet-stream";
}

function whole(query: URLSearchParams, name: string, fallback: number, most: number, least = 0): number {
  const given = query.get(name);
  const value = given === null ? fallback : parseDecimal(given);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Problem("FIELD_INVALID", `${name} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}
