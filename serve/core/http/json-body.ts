/** @module Reads the JSON object of a request's body. */
import { Problem } from "./problem";

/** Larger bodies are checked before they are parsed. */
const SMALL_BYTES = 2 ** 16;
/** Objects, and twice the texts, in a large body: it has pixels, or some images in base64. */
const MOST_PARTS = 4096;
/** A list of a pixel's numbers takes more bytes: `[0,0,0],`. */
const LEAST_BYTES_OF_LIST = 6;

const [QUOTE, BRACE, BRACKET] = ['"', "{", "["].map((character) => character.charCodeAt(0));

/** The object of a body. @throws {Problem} `JSON_MALFORMED`, `FIELD_INVALID` */
export function readJsonBody(body: Uint8Array): Readonly<Record<string, unknown>> {
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
