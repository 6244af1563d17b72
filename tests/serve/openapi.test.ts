/** The API's description: it has every route, and what is answered has the keys and statuses that it says. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROUTES } from "../../serve/core/routes/index";
import { type RunningServer, startServer } from "../../serve/server/index";
import { differences } from "../support/openapi";
import { predictedTiles } from "../support/predicted-tiles";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { sharedDirectory } from "../support/temporary-directory";

interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema?: object }>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

describe("the API's description", () => {
  let server: RunningServer;
  let document: Document;

  before(async () => {
    const directory = sharedDirectory();
    const validation = predictedTiles(60);
    const models = [
      await writeModel(join(directory, "mlp"), { validation, drawn: true }),
      await writeModel(join(directory, "wide"), { name: "wide", seed: 2 }),
    ];
    const images = await writeTiles(join(directory, "tiles"));
    await writeSlide(join(images, "images", "slide.tif"), [picture(300, 200)], { deflate: true });
    server = await startServer({ models, images, runs: join(directory, "mlp-run"), port: 0 });
    document = await (await fetch(`${server.url}/openapi.json`)).json();
  });
  after(async () => {
    await server?.close();
  });

  test("has every route with its method, and says which need no key", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => [method.toUpperCase(), path, security !== undefined]),
    );
    const routes = ROUTES.map(({ methods, label, open }) => [methods[0], label.replace("*}", "}"), open]);
    assert.deepEqual(described.sort(), routes.sort());
  });

  /** Asks for a path; the answer has to be as the operation says. */
  async function answer(operation: string, path: string, body?: BodyInit | object): Promise<Record<string, unknown>> {
    const isJson = body?.constructor === Object;
    const response = await fetch(server.url + path, {
      ...(body && { method: "POST", body: isJson ? JSON.stringify(body) : (body as BodyInit) }),
      ...(isJson && { headers: { "content-type": "application/json" } }),
    });
    const described = document.paths[operation]?.[body ? "post" : "get"]?.responses[response.status];
    assert.ok(described, `${path}: ${response.status} is described`);
    const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] as string;
    const value = await response.json();
    assert.ok(described.content?.[type], `${path}: ${type}`);
    assert.deepEqual(differences(value, described.content[type].schema ?? {}, { ...document }), [], path);
    return value;
  }

  test("has the keys of what is answered", async () => {
    for (const path of ["/info", "/images", "/livez", "/readyz", "/openapi.json", "/problems", "/slides"]) {
      await answer(path, path);
    }
    const { history, partitions } = await answer("/models/{model}/curves", "/models/mlp/curves");
    assert.ok(history === null && typeof partitions === "object");
    for (const path of ["/v2", "/v2/health/live", "/v2/health/ready"]) await answer(path, path);
    await answer("/models/{model}/met", "/models/mlp/met");
    await answer("/v2/models/{model}", "/v2/models/mlp");
    await answer("/v2/models/{model}/ready", "/v2/models/mlp/ready");
    await answer("/v2/models/{model}/versions/{version}", "/v2/models/mlp/versions/1");

    const named = { image_filename: "MHIST_aaa.png" };
    await answer("/predict", "/predict", named);
    const form = new FormData();
    for (const bytes of [await tile(1), Buffer.from("no image")])
      form.append("image", new Blob([bytes as BlobPart]), "a.png");
    await answer("/predict/batch", "/predict/batch", form);
    await answer("/explain", "/explain?grid=4", named);
    const png = (await tile(1)).toString("base64");
    const request = { id: "a", inputs: [{ name: "image", datatype: "BYTES", shape: [1], data: [png] }] };
    await answer("/v2/models/{model}/infer", "/v2/models/mlp/infer", request);
  });

  test("has the keys of a slide from its order to its map", async () => {
    const { id } = await answer("/slides", "/slides", { slide: "slide.tif", mpp: 0.5, slide_mpp: 0.5 });
    let state: Record<string, unknown>;
    do {
      await new Promise((resolve) => setTimeout(resolve, 100));
      state = await answer("/slides/{id}", `/slides/${id}`);
    } while (state.status === "queued" || state.status === "running");
    assert.equal(state.status, "done", JSON.stringify(state.problem));
    await answer("/slides", "/slides");
    await answer("/slides/{id}/map", `/slides/${id}/map`);
  });

  test("has the statuses of what is refused", async () => {
    await answer("/images", "/images?offset=-1");
    await answer("/images/{name}", "/images/none.png");
    await answer("/models/{model}/curves", "/models/none/curves");
    await answer("/predict", "/predict", new Blob(["GIF89a"], { type: "image/png" }));
    await answer("/predict", "/predict", new Blob(["a"], { type: "text/plain" }));
    await answer("/feedback", "/feedback", { label: "HP" });
    await answer("/slides", "/slides", { slide: "../a.svs" });
    await answer("/slides/{id}", "/slides/none");
    await answer("/slides/{id}/map", "/slides/none/map");
    await answer("/v2/models/{model}/infer", "/v2/models/mlp/infer", { inputs: [] });
  });
});
