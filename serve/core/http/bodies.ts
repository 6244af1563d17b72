/** @module Reads what is in bodies: a JSON object, or the files of a multipart form, with limits on all their parts. */
import { Busboy, type BusboyHeaders } from "@fastify/busboy";
import { counted } from "../../../src/format/index";
import { Problem } from "./problem";

interface UploadedFile {
  /** Name from the client, without folders; null if missing. */
  readonly filename: string | null;
  readonly bytes: Uint8Array;
}

/** Bytes that are parsed at a time: no more of a form that has been refused. */
const PIECE_BYTES = 64 * 1024;
/** Fields beside the images that a form may have. */
const OTHER_FIELDS = 16;

/**
 * Reads the files of one field. Other fields are ignored, but a form may not have many of them.
 * @throws {Problem} `REQUEST_MALFORMED`, `TOO_MANY_ITEMS`, `IMAGE_TOO_LARGE`
 */
export function readMultipart(
  body: Uint8Array,
  contentType: string,
  field: string,
  limits: { readonly files: number; readonly fileBytes: number },
): Promise<UploadedFile[]> {
  return new Promise((resolve, reject) => {
    let isRefused = false;
    const fail = (problem: Problem) => {
      isRefused = true;
      reject(problem);
    };
    const unreadable = () => fail(new Problem("REQUEST_MALFORMED", "The multipart form cannot be read."));
    let parser: ReturnType<typeof parserOf>;
    try {
      parser = parserOf(contentType, field, limits);
    } catch {
      return fail(new Problem("REQUEST_MALFORMED", "The multipart form has no usable boundary."));
    }
    const files: UploadedFile[] = [];
    let count = 0;
    parser.on("file", (name, stream, filename) => {
      // Also for ignored files: an error without a listener would end the process.
      stream.on("error", () => fail(new Problem("REQUEST_MALFORMED", "The multipart form is cut off.")));
      if (name !== field) return void stream.resume();
      if (++count > limits.files) {
        stream.resume();
        return fail(new Problem("TOO_MANY_ITEMS", `At most ${counted(limits.files, "file")} per request.`));
      }
      const chunks: Uint8Array[] = [];
      const index = count - 1;
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      stream.on("limit", () => {
        fail(new Problem("IMAGE_TOO_LARGE", `A file has more than ${limits.fileBytes} bytes.`));
      });
      stream.on("end", () => {
        files[index] = { filename: safeName(filename), bytes: Buffer.concat(chunks) };
      });
    });
    // The parser leaves out what is beyond its limits: a form of which a part is left out gets no answer to the rest.
    const most = `At most ${limits.files} files and ${OTHER_FIELDS} other fields are accepted in one request.`;
    for (const event of ["filesLimit", "fieldsLimit", "partsLimit"] as const) {
      parser.on(event, () => fail(new Problem("TOO_MANY_ITEMS", most)));
    }
    parser.on("error", unreadable);
    parser.on("finish", () => resolve(files));
    const parseFrom = (start: number): void => {
      if (isRefused) return;
      try {
        if (start >= body.length) parser.end();
        else parser.write(body.subarray(start, start + PIECE_BYTES), () => parseFrom(start + PIECE_BYTES));
      } catch {
        unreadable();
      }
    };
    parseFrom(0);
  });
}

/** @throws if the content type has no usable boundary */
function parserOf(contentType: string, field: string, { files, fileBytes }: Parameters<typeof readMultipart>[3]) {
  return new Busboy({
    headers: { "content-type": contentType } as BusboyHeaders,
    // The image field is an image even without a file name.
    isPartAFile: (name, type, filename) =>
      name === field || filename !== undefined || type === "application/octet-stream",
    limits: {
      files: files + 1,
      fileSize: fileBytes,
      fields: OTHER_FIELDS,
      fieldSize: 1024,
      fieldNameSize: 100,
      parts: files + 1 + OTHER_FIELDS,
      headerPairs: 32,
      headerSize: 4096,
    },
  });
}

/** A client's file name for display: without folders and control characters, at most 255 characters. */
function safeName(filename: string | undefined): string | null {
  const base = filename?.split(/[\\/]/).pop() ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return base.replace(/[\u0000-\u001f\u007f]/g, "").slice(0, 255) || null;
}

/** Larger bodies are checked before they are parsed. */
const SMALL_BYTES = 2 ** 16;
/** Objects, and twice the texts, in a large body: it has pixels, or some images in base64. */
const MOST_PARTS = 4096;
/** A list of a pixel's numbers takes more bytes: `[0,0,0],`. */
const LEAST_BYTES_OF_LIST = 6;

const [QUOTE, BRACE, BRACKET] = ['"', "{", "["].map((character) => character.charCodeAt(0));

/**
 * The object of a body.
 * @param fields the only ones that it may have; by default others are ignored
 * @throws {Problem} `JSON_MALFORMED`, `FIELD_INVALID`
 */
export function readJsonBody(body: Uint8Array, fields?: readonly string[]): Readonly<Record<string, unknown>> {
  if (body.length > SMALL_BYTES) mustHaveFewParts(body);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new Problem("JSON_MALFORMED");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem("FIELD_INVALID", "The body must be a JSON object.");
  }
  const unknown = fields && Object.keys(value).find((name) => !fields.includes(name));
  if (unknown !== undefined) {
    const message = `There is no field ${unknown.slice(0, 80)}; the body takes ${fields?.join(", ")}.`;
    throw new Problem("FIELD_INVALID", message);
  }
  return value as Record<string, unknown>;
}

/** Parsing 32 MB of empty objects would take seconds, in which the server does nothing else, and a gigabyte of memory. */
function mustHaveFewParts(body: Uint8Array): void {
  let [objects, quotes, lists] = [0, 0, 0];
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === BRACE) objects++;
    else if (byte === QUOTE) quotes++;
    else if (byte === BRACKET) lists++;
  }
  if (objects > MOST_PARTS || quotes > MOST_PARTS || lists > body.length / LEAST_BYTES_OF_LIST) {
    throw new Problem("FIELD_INVALID", "The body has too many objects, texts or lists.");
  }
}
