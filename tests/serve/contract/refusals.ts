/** @module What is not answered, with its status and code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tile } from "../../support/served-model";
import type { ContractClient } from "./client";

export function refusalCases(client: ContractClient): void {
  const { call, post, postJson, refused } = client;

  test("what cannot be read is refused with a stable code", async () => {
    const png = await tile(3);
    await refused(await post("/predict", "{", "application/json"), 400, "JSON_MALFORMED");
    await refused(await post("/predict", "[]", "application/json"), 400, "FIELD_INVALID");
    await refused(await postJson("/predict", {}), 400, "FIELD_INVALID");
    await refused(await postJson("/predict", { image_filename: 5 }), 400, "FIELD_INVALID");
    await refused(await postJson("/predict", { image_filename: "MHIST_zzz.png" }), 404, "IMAGE_NOT_FOUND");
    for (const name of ["../annotations.csv", "/etc/passwd", "a\0.png", "..\\a.png", "images/../../x.png", ".png"]) {
      await refused(await postJson("/predict", { image_filename: name }), 400, "IMAGE_NAME_INVALID");
    }
    await refused(await post("/predict", "GIF89a", "image/png"), 415, "IMAGE_TYPE_UNSUPPORTED");
    await refused(await post("/predict", "hello", "text/plain"), 415, "CONTENT_TYPE_UNSUPPORTED");
    await refused(
      await post("/predict", png.subarray(0, png.length / 2) as BodyInit, "image/png"),
      422,
      "IMAGE_CORRUPT",
    );
    await refused(await post("/predict", "", "image/png"), 422, "IMAGE_CORRUPT");
    await refused(await post("/predict", "x", "multipart/form-data"), 400, "REQUEST_MALFORMED");
    const cutOff = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\nhalf of it';
    await refused(await post("/predict", cutOff, "multipart/form-data; boundary=b"), 400, "REQUEST_MALFORMED");
    const other = new FormData();
    other.append("file", new Blob([png as BlobPart]), "a.png");
    await refused(await post("/predict", other), 400, "FIELD_INVALID");
    const large = await post("/predict", new Uint8Array(10 * 2 ** 20 + 1) as BodyInit, "image/png");
    if (client.refusesLargeEvents) assert.equal(large.status, 413);
    else await refused(large, 413, "BODY_TOO_LARGE");
  });

  test("an image with too many pixels is refused before it is decoded", async () => {
    const response = await post("/predict", pngHeader(8000, 6000) as BodyInit, "image/png");
    const { detail } = (await response.clone().json()) as { detail: string };
    await refused(response, 413, "IMAGE_TOO_LARGE");
    assert.match(detail, /8000 x 6000 pixels; a tile may have at most 4096 x 4096: cut it into tiles/);
    await refused(await post("/predict", pngHeader(50_000, 50_000) as BodyInit, "image/png"), 413, "IMAGE_TOO_LARGE");
  });

  test("a field of the body that there is not is refused, with those that there are", async () => {
    for (const [path, body, says] of [
      [
        "/predict",
        { image_filename: "MHIST_aaa.png", tresholds: 0.2 },
        "There is no field tresholds; the body takes image_filename.",
      ],
      [
        "/explain",
        { image_filename: "MHIST_aaa.png", grid: 4 },
        "There is no field grid; the body takes image_filename.",
      ],
      [
        "/predict/batch",
        { image_filenames: ["MHIST_aaa.png"], model: "wide" },
        "There is no field model; the body takes image_filenames.",
      ],
    ] as const) {
      const response = await postJson(path, body);
      assert.equal(((await response.clone().json()) as { detail: string }).detail, says);
      await refused(response, 400, "FIELD_INVALID");
    }
  });

  test("a parameter of the query that there is not, or that is there twice, is refused", async () => {
    for (const [path, known] of [
      ["/predict?threshold=0.2", "model, tile"],
      ["/predict/batch?modle=wide", "model, tile"],
      ["/explain?model=wide&size=4", "model, grid"],
    ]) {
      const response = await postJson(path as string, { image_filename: "MHIST_aaa.png" });
      assert.match(((await response.clone().json()) as { detail: string }).detail, new RegExp(`takes ${known}\\.$`));
      await refused(response, 400, "FIELD_INVALID");
    }
    await refused(await call("/images?ofset=2"), 400, "FIELD_INVALID");
    for (const [path, twice] of [
      ["/predict?model=wide&model=tall", "model"],
      ["/predict/batch?tile=0&tile=0", "tile"],
      ["/explain?grid=4&model=wide&grid=5", "grid"],
      ["/slides?model=wide&model=wide", "model"],
    ]) {
      const response = await postJson(path as string, { image_filename: "MHIST_aaa.png" });
      const { detail } = (await response.clone().json()) as { detail: string };
      assert.equal(detail, `The parameter ${twice} is given more than once.`);
      await refused(response, 400, "FIELD_INVALID");
    }
    await refused(await call("/images?limit=1&limit=2"), 400, "FIELD_INVALID");
    assert.equal((await call("/livez?from=balancer")).status, 200, "probes take any");
  });

  test("unknown routes and methods are told apart", async () => {
    await refused(await call("/nothing"), 404, "ROUTE_NOT_FOUND");
    await refused(await postJson("/info", {}), 405, "METHOD_NOT_ALLOWED");
    const response = await call("/predict");
    assert.equal(response.headers.get("allow"), "POST");
    await refused(response, 405, "METHOD_NOT_ALLOWED");
  });

  test("an API key is asked for where one is set, but not for probes and the page", async () => {
    const locked = await client.start({ ...client.content, apiKeys: ["first-key", "second-key"] });
    try {
      const ask = (headers: Record<string, string>) => fetch(`${locked.url}/info`, { headers });
      await refused(await ask({}), 401, "UNAUTHORIZED");
      await refused(await ask({ "x-api-key": "first" }), 401, "UNAUTHORIZED");
      assert.equal((await ask({ "x-api-key": "first-key" })).status, 200);
      assert.equal((await ask({ authorization: "Bearer second-key" })).status, 200);
      for (const path of ["/livez", "/readyz", "/"]) assert.equal((await fetch(locked.url + path)).status, 200);
    } finally {
      await locked.close();
    }
  });
}

/** A PNG that claims a size and ends there. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.from("89504e470d0a1a0a0000000d4948445200000000000000000802000000", "hex");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return Buffer.concat([header, Buffer.alloc(4), Buffer.from("0000000049444154", "hex"), Buffer.alloc(64)]);
}
