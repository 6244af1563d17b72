/** @module How the contract's tests talk to the deployment under test. */
import assert from "node:assert/strict";

/** A deployment under test. */
export interface Deployment {
  readonly url: string;
  /** The entrance itself refuses what does not fit into an event (413), as API Gateway does. */
  readonly refusesLargeEvents?: boolean;
  close(): Promise<void>;
}

/** What a deployment is started with. */
export interface Content {
  /** Two model directories: `mlp` (the default) and `wide`. */
  readonly models: readonly string[];
  /** A data set with the tiles `MHIST_aaa.png` to `MHIST_aaf.png`. */
  readonly images: string;
  readonly apiKeys?: readonly string[];
}

export interface Prediction {
  image_filename: string | null;
  logit: number;
  probability: number;
  predicted_class: string;
  threshold: number;
  model: string;
  model_sha256: string;
  preprocess_time: number;
  inference_time: number;
  warnings: string[];
  trained_on_drawn_tiles: boolean | null;
  tiles?: {
    total: number;
    predicted: number;
    positive: number;
    strongest: { x: number; y: number; probability: number }[];
  };
  error?: { code: string; status: number };
}

/** A client of one deployment, which is there when the first test runs. */
export class ContractClient {
  private deployed: { content: Content; deployment: Deployment } | undefined;

  /** @param start starts one more deployment of the kind under test */
  constructor(readonly start: (content: Content) => Promise<Deployment>) {}

  async open(content: Content): Promise<void> {
    this.deployed = { content, deployment: await this.start(content) };
  }

  async close(): Promise<void> {
    await this.deployed?.deployment.close();
  }

  get content(): Content {
    assert.ok(this.deployed);
    return this.deployed.content;
  }

  get refusesLargeEvents(): boolean {
    return this.deployed?.deployment.refusesLargeEvents ?? false;
  }

  readonly call = (path: string, init?: RequestInit): Promise<Response> => {
    assert.ok(this.deployed);
    return fetch(this.deployed.deployment.url + path, init);
  };

  readonly post = (path: string, body: BodyInit, type?: string): Promise<Response> =>
    this.call(path, { method: "POST", body, ...(type ? { headers: { "content-type": type } } : {}) });

  readonly postJson = (path: string, body: unknown): Promise<Response> =>
    this.post(path, JSON.stringify(body), "application/json");

  /** The answer of a request that is to succeed. */
  readonly predicted = async (response: Response): Promise<Prediction> => {
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Prediction;
  };

  /** Checks a refusal: its status, its code, and that it tells nothing that is no client's business. */
  readonly refused = async (response: Response, status: number, code: string): Promise<void> => {
    const body = (await response.json()) as Record<string, unknown>;
    assert.equal(response.status, status, JSON.stringify(body));
    assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
    assert.equal(body.code, code);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.ok(response.headers.get("x-request-id"));
    assert.equal(body.status, status);
    for (const member of ["type", "title", "detail"]) assert.equal(typeof body[member], "string");
    assert.doesNotMatch(JSON.stringify(body), /node_modules|\.ts:|\.js:|\/tmp\//, "no traces, no paths");
  };
}

/** Files as a form has them. */
export function form(...files: readonly (readonly [name: string, bytes: Uint8Array])[]): FormData {
  const data = new FormData();
  for (const [name, bytes] of files) data.append("image", new Blob([bytes as BlobPart]), name);
  return data;
}
