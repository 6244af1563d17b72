/** @module Reads images from a request in all supported forms. */
import { counted } from "../../../src/format/index";
import { Limit } from "../../../src/machine/index";
import { mediaType, Problem, readJsonBody, readMultipart } from "../http/index";
import { checkImageName } from "../images/index";
import type { RoutedRequest, ServiceContext } from "./context";

export interface RequestedImage {
  readonly filename: string | null;
  /**
   * Calls `work` with the image's bytes. Those of the image source are held, and counted, until it is done.
   * @throws {Problem} if the image source does not have the image, and errors of `work`
   */
  use<T>(work: (bytes: Uint8Array) => Promise<T>): Promise<T>;
}

/** Number of images of a named batch in memory at a time: sixteen of the largest are 160 MiB. */
const HELD_OF_BATCH = 16;

/** Includes types of old browsers and programs: the content is recognised anyway. */
const IMAGE_TYPES = /^(?:image\/(?:png|x-png|jpe?g|pjpeg|webp|tiff?|x-tiff?)|application\/octet-stream)$/;

/**
 * The one image of a request: JSON `{"image_filename": ...}`, multipart field `image`, or the bytes themselves.
 * @throws {Problem}
 */
export async function readImage(context: ServiceContext, request: RoutedRequest): Promise<RequestedImage> {
  const type = mediaType(request.headers["content-type"]);
  if (type === "application/json") {
    const { image_filename: name } = readJsonBody(request.body, ["image_filename"]);
    return namedImage(context, name, request.signal);
  }
  if (type === "multipart/form-data") {
    const [file] = await readFiles(context, request, 1);
    return uploaded(file as { filename: string | null; bytes: Uint8Array });
  }
  if (IMAGE_TYPES.test(type)) return uploaded({ filename: null, bytes: notEmpty(request.body) });
  throw unsupported("application/json, multipart/form-data, image/png, image/jpeg, image/webp and image/tiff");
}

/**
 * The images of a batch: JSON `{"image_filenames": [...]}` or any number of multipart fields `image`.
 * @throws {Problem} for errors of the whole request; a bad name is an error of its item only
 */
export async function readImages(context: ServiceContext, request: RoutedRequest): Promise<RequestedImage[]> {
  const type = mediaType(request.headers["content-type"]);
  const limit = context.limits.batchItems;
  if (type === "multipart/form-data") return (await readFiles(context, request, limit)).map(uploaded);
  if (type !== "application/json") throw unsupported("application/json and multipart/form-data");
  const { image_filenames: names } = readJsonBody(request.body, ["image_filenames"]);
  if (!Array.isArray(names) || names.length === 0) {
    throw new Problem("FIELD_INVALID", "image_filenames must be a list of at least one name.");
  }
  if (names.length > limit) throw new Problem("TOO_MANY_ITEMS", `At most ${counted(limit, "image")} per request.`);
  imagesOf(context);
  const turns = new Limit(HELD_OF_BATCH);
  return names.map((name: unknown) => ({
    filename: typeof name === "string" ? name : null,
    use: (work) => turns.run(async () => namedImage(context, name, request.signal).use(work)),
  }));
}

function namedImage(context: ServiceContext, name: unknown, signal: AbortSignal): RequestedImage {
  if (name === undefined) throw new Problem("FIELD_INVALID", "The field image_filename is missing.");
  const filename = checkImageName(name);
  const images = imagesOf(context);
  return {
    filename,
    async use(work) {
      if (signal.aborted) throw new Problem("DEADLINE_EXCEEDED");
      const memory = context.memory.share();
      try {
        return await work(await images.read(filename, memory));
      } finally {
        memory.end();
      }
    },
  };
}

function imagesOf({ images }: ServiceContext): NonNullable<ServiceContext["images"]> {
  if (!images) throw new Problem("IMAGES_NOT_CONFIGURED");
  return images;
}

async function readFiles({ limits }: ServiceContext, request: RoutedRequest, most: number) {
  const contentType = request.headers["content-type"] ?? "";
  const files = await readMultipart(request.body, contentType, "image", { files: most, fileBytes: limits.bodyBytes });
  if (files.length === 0) throw new Problem("FIELD_INVALID", "The form has no file in the field image.");
  return files;
}

function uploaded({ filename, bytes }: { filename: string | null; bytes: Uint8Array }): RequestedImage {
  return { filename, use: async (work) => work(notEmpty(bytes)) };
}

function notEmpty(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Problem("IMAGE_CORRUPT", "The image is empty.");
  return bytes;
}

function unsupported(accepted: string): Problem {
  return new Problem("CONTENT_TYPE_UNSUPPORTED", `The accepted content types are ${accepted}.`);
}
