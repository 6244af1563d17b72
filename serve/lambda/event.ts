/**
 * @module Converts events of API Gateway HTTP APIs and function URLs (payload format 2.0) to requests, and responses to results.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import { randomUUID } from "node:crypto";
import type { FunctionResult } from "../../src/deployment/index";
import { Problem, type ServiceRequest, type ServiceResponse } from "../core/index";

export interface HttpEvent {
  readonly version: string;
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly requestContext: {
    readonly requestId?: string;
    readonly stage?: string;
    readonly http: { readonly method: string };
  };
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/** @throws {Problem} `REQUEST_MALFORMED` for other events */
export function requestOf(event: HttpEvent, signal: AbortSignal): ServiceRequest {
  const http = event?.requestContext?.http;
  const texts = [event?.rawQueryString, event?.body ?? undefined, ...Object.values(event?.headers ?? {})];
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  if (typeof http?.method !== "string" || typeof event.rawPath !== "string" || !texts.every(isText)) {
    throw new Problem("REQUEST_MALFORMED", "The event is not an HTTP request in payload format 2.0.");
  }
  const headers = Object.fromEntries(
    Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: http.method.toUpperCase(),
    path: withoutStage(event.rawPath, event.requestContext.stage),
    query: new URLSearchParams(event.rawQueryString ?? ""),
    headers,
    readBody: async (limit) => {
      const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
      if (body.length > limit) throw new Problem("BODY_TOO_LARGE");
      return body;
    },
    id: requestId(headers["x-request-id"] ?? event.requestContext.requestId),
    signal,
  };
}

/** Binary bodies are encoded in base64. */
export function resultOf({ status, headers, body }: ServiceResponse, method: string): FunctionResult {
  if (method === "HEAD") return { statusCode: status, headers, body: "", isBase64Encoded: false };
  if (typeof body === "string") return { statusCode: status, headers, body, isBase64Encoded: false };
  return { statusCode: status, headers, body: Buffer.from(body).toString("base64"), isBase64Encoded: true };
}

/** Removes a named stage, which is part of the raw path. */
function withoutStage(path: string, stage = "$default"): string {
  if (stage === "$default" || (path !== `/${stage}` && !path.startsWith(`/${stage}/`))) return path;
  return path.slice(stage.length + 1) || "/";
}

function requestId(given: string | undefined): string {
  // Node caches random bytes, which would be the same in all processes of a snapshot.
  return given !== undefined && /^[\w.=-]{1,64}$/.test(given) ? given : randomUUID({ disableEntropyCache: true });
}
