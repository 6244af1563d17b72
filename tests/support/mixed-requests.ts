/** @module Requests as many clients send them in a day, good ones and bad ones. */
import { type Agent, request } from "node:http";
import { connect } from "node:net";
import type { Random } from "../../src/random/index";

/** Where requests go, and from whom. */
interface Target {
  readonly url: string;
  readonly agent: Agent;
  /** The client's address as a proxy in front would say it. */
  readonly address?: string;
}

export interface Sent {
  readonly path: string;
  readonly body?: string | Buffer;
  readonly type?: string;
}

/** One request of a client's day: mostly predictions, some of them wrong, some pictures and questions. @returns its status */
export async function mixedRequest(target: Target, random: Random, png: Buffer): Promise<number> {
  return (await send(target, drawnRequest(random, png))).status;
}

function drawnRequest(random: Random, png: Buffer): Sent {
  const draw = random.next();
  const name = `MHIST_aa${String.fromCharCode(97 + random.integer(14))}.png`;
  const json = (path: string, value: object) => ({ path, body: JSON.stringify(value), type: "application/json" });
  if (draw < 0.5) return json("/predict", { image_filename: name });
  if (draw < 0.75) return { path: "/predict", body: png, type: "image/png" };
  if (draw < 0.8) return { path: "/predict", body: png.subarray(0, random.integer(png.length)), type: "image/png" };
  if (draw < 0.85) return json("/predict/batch", { image_filenames: [name, "x.png"] });
  if (draw < 0.9) return { path: `/images/MHIST_aaa.png?thumbnail=${16 + random.integer(16)}` };
  return { path: random.pick(["/info", "/readyz", "/metrics", "/", "/nothing"]) };
}

/** Sends a request and reads the whole answer. */
export function send(
  { url, agent, address }: Target,
  { path, body, type }: Sent,
): Promise<{ readonly status: number; readonly retryAfter?: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(body !== undefined && { "content-type": type, "content-length": Buffer.byteLength(body) }),
      ...(address !== undefined && { "x-forwarded-for": address }),
    };
    const sent = request(url + path, { agent, method: body === undefined ? "GET" : "POST", headers }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      const retryAfter = answered["retry-after"];
      response.resume().on("end", () => resolve({ status, ...(retryAfter !== undefined && { retryAfter }) }));
    });
    sent.on("error", reject).end(body);
  });
}

/** Sends bytes and reads until the server hangs up. */
export function exchange(url: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined).on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.write(bytes);
  });
}

/** 0 where the server hung up without an answer, as it may on what is no HTTP. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
