/** @module Bad requests without end, from a seed: what strangers and broken clients send. */
import type { Random } from "../../src/random/index";

/** A request as raw bytes, since many of them no client library would send. */
interface BadRequest {
  readonly kind: string;
  readonly bytes: Buffer;
  /** Sent in pieces with pauses, then left open. */
  readonly slow?: boolean;
}

/** Draws one bad request. @param png a good image to spoil @param name a good name */
export function badRequest(random: Random, png: Buffer, name: string): BadRequest {
  const kinds = Object.keys(MAKERS) as (keyof typeof MAKERS)[];
  const kind = random.pick(kinds);
  const made = MAKERS[kind](random, png, name);
  return Buffer.isBuffer(made) ? { kind, bytes: made } : { kind, ...made };
}

type Maker = (random: Random, png: Buffer, name: string) => Buffer | { bytes: Buffer; slow: boolean };

const MAKERS = {
  truncatedImage: (random, png) => post("/predict", png.subarray(0, random.integer(png.length)), "image/png"),
  flippedBytes: (random, png) =>
    post("/predict", flipped(random, png), random.pick(["image/png", "image/jpeg", "image/tiff"])),
  noise: (random) => post("/predict", noise(random, random.integer(3000)), "image/png"),
  signatureAndNoise: (random, png) =>
    post(
      "/predict",
      Buffer.concat([random.pick([png.subarray(0, 8), JPEG, WEBP, TIFF]), noise(random, random.integer(2000))]),
      "image/webp",
    ),
  bomb: (random, png) => post("/predict", bomb(png, 50_000 - random.integer(40_000)), "image/png"),
  polyglot: (random, png) =>
    post(
      "/predict",
      Buffer.concat([
        random.pick([
          Buffer.from("GIF89a"),
          Buffer.from("%PDF-1.7\n"),
          Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'>"),
        ]),
        png,
      ]),
      "image/png",
    ),
  wrongType: (random, png) =>
    post(
      "/predict",
      png,
      random.pick(["text/html", "image/gif", "image/svg+xml", "", "application/zip", "multipart/form-data"]),
    ),
  traversal: (random) =>
    postJson("/predict", {
      image_filename:
        random.pick(["../", "..\\", "/", "%2e%2e/", "a/../../", "....//", "\u0000", "C:/"]) +
        random.pick(["etc/passwd", "annotations.csv", "x.png"]),
    }),
  traversalPath: (random) =>
    get(
      `/images/${random.pick(["..%2f", "%2e%2e%2f", "..;/", "%00", "%c0%ae%c0%ae/"]).repeat(1 + random.integer(6))}etc/passwd`,
    ),
  brokenJson: (random, _png, name) => {
    const text = JSON.stringify({ image_filename: name });
    return post("/predict", Buffer.from(text.slice(0, random.integer(text.length))), "application/json");
  },
  oddJson: (random) =>
    post(
      random.pick(["/predict", "/predict/batch", "/v2/models/mlp/infer"]),
      Buffer.from(random.pick(ODD_JSON)),
      "application/json",
    ),
  deepJson: (random) => post("/predict", Buffer.from("[".repeat(1000 + random.integer(50_000))), "application/json"),
  badUtf8: (random) => post("/predict", noise(random, 200), "application/json"),
  brokenForm: (random, png) => {
    const form = Buffer.concat([
      Buffer.from(
        `--b\r\ncontent-disposition: form-data; name="${random.pick(["image", "file"])}"; filename="a.png"\r\n\r\n`,
      ),
      png,
      Buffer.from("\r\n--b--\r\n"),
    ]);
    const spoiled = random.chance(0.5) ? form.subarray(0, random.integer(form.length)) : flipped(random, form);
    return post(random.pick(["/predict", "/predict/batch"]), spoiled, "multipart/form-data; boundary=b");
  },
  manyParts: (random) => {
    const part = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nx\r\n';
    return post(
      "/predict/batch",
      Buffer.from(`${part.repeat(65 + random.integer(200))}--b--\r\n`),
      "multipart/form-data; boundary=b",
    );
  },
  longTarget: (random) => get(`/${"a".repeat(random.integer(20_000))}`),
  hugeHeaders: (random) => get("/livez", `x-long: ${"h".repeat(random.integer(40_000))}\r\n`),
  manyHeaders: (random) =>
    get("/livez", Array.from({ length: random.integer(500) }, (_, i) => `x-${i}: 1\r\n`).join("")),
  badRequestLine: (random) => Buffer.concat([noise(random, 1 + random.integer(200)), Buffer.from("\r\n\r\n")]),
  oddMethod: (random) =>
    head(random.pick(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"]), "/predict", ""),
  badQuery: (random) =>
    get(
      `/images?limit=${random.pick(["-1", "1e99", "NaN", "%00", "999999999999", "0x10", ""])}&offset=${random.integer(1e9)}`,
    ),
  badGrid: (random, png) =>
    post(`/explain?grid=${random.pick(["0", "1", "29", "-3", "1e3", "x", "2.5", ""])}`, png, "image/png"),
  lyingLength: (random, png) =>
    head(
      "POST",
      "/predict",
      `content-type: image/png\r\ncontent-length: ${random.pick(["-1", "abc", "99999999999999", "1e3"])}\r\n`,
      png,
    ),
  twoLengths: (_random, png) => head("POST", "/predict", "content-length: 5\r\ntransfer-encoding: chunked\r\n", png),
  brokenChunks: (random) =>
    head(
      "POST",
      "/predict",
      "content-type: image/png\r\ntransfer-encoding: chunked\r\n",
      Buffer.from(`${random.pick(["zz", "-5", "FFFFFFFFFFFFFFFFF"])}\r\nabc`),
    ),
  unknownModel: (random, png) =>
    post(`/predict?model=${encodeURIComponent(noise(random, 20).toString("latin1"))}`, png, "image/png"),
  compressed: (_random, png) =>
    head(
      "POST",
      "/predict",
      `content-type: image/png\r\ncontent-encoding: gzip\r\ncontent-length: ${png.length}\r\n`,
      png,
    ),
  slowSender: (random, png) => ({
    bytes: head(
      "POST",
      "/predict",
      `content-type: image/png\r\ncontent-length: ${png.length + 100}\r\n`,
      png.subarray(0, random.integer(png.length)),
    ),
    slow: true,
  }),
} satisfies Readonly<Record<string, Maker>>;

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const WEBP = Buffer.from("RIFF\x24\x00\x00\x00WEBPVP8 ", "latin1");
const TIFF = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
const ODD_JSON = [
  "null",
  "1",
  '"text"',
  "[]",
  "{}",
  '{"image_filename":null}',
  '{"image_filename":{}}',
  '{"__proto__":{"image_filename":"a.png"}}',
  '{"image_filenames":"a.png"}',
  '{"image_filenames":[null,{},[],1]}',
  '{"inputs":[]}',
  '{"inputs":[null]}',
  '{"inputs":[{"shape":[1e9,32,32,3],"datatype":"UINT8","data":[]}]}',
  '{"inputs":[{"shape":[1,32,32,3],"datatype":"UINT8","data":[1,2]}]}',
  '{"inputs":[{"shape":[1],"datatype":"BYTES","data":["!!"]}]}',
  '{"inputs":[{"shape":[1],"datatype":"BYTES","data":["AAAA"]}]}',
];

function head(method: string, target: string, headers: string, body: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${headers}\r\n`),
    body,
  ]);
}

function get(target: string, headers = ""): Buffer {
  return head("GET", target, headers);
}

function post(target: string, body: Uint8Array, type: string): Buffer {
  return head("POST", target, `content-type: ${type}\r\ncontent-length: ${body.length}\r\n`, body);
}

function postJson(target: string, value: unknown): Buffer {
  return post(target, Buffer.from(JSON.stringify(value)), "application/json");
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => random.integer(256)));
}

function flipped(random: Random, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < 1 + random.integer(20); i++) copy[random.integer(copy.length)] = random.integer(256);
  return copy;
}

/** The image with another size in its header. */
function bomb(png: Buffer, edge: number): Buffer {
  const copy = Buffer.from(png);
  copy.writeUInt32BE(edge, 16);
  copy.writeUInt32BE(edge, 20);
  return copy;
}
