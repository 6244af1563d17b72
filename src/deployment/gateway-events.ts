/**
 * @module Converts HTTP requests to events of API Gateway's HTTP APIs (payload format 2.0), and results to responses.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** Converts a request to an event. As with API Gateway, text bodies are passed as they are, all others in base64. */
export async function eventOf(request: IncomingMessage): Promise<object> {
  // `new URL` would read `//name/path` as a host.
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s, 2);
  const body = await buffer(request);
  const isText = /^(text\/|application\/(json|xml|javascript))/.test(request.headers["content-type"] ?? "");
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.execute-api.us-east-1.amazonaws.com",
      http: { method: request.method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "$default",
      stage: "$default",
      time: "12/Mar/2026:19:03:58 +0000",
      timeEpoch: 1773342238000,
    },
    ...(body.length > 0 ? { body: body.toString(isText ? "utf8" : "base64") } : {}),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** The result of a function that API Gateway expects. Binary bodies are in base64. */
export interface FunctionResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export function writeResult(answer: ServerResponse, result: FunctionResult): void {
  const body = Buffer.from(result.body, result.isBase64Encoded ? "base64" : "utf8");
  answer.writeHead(result.statusCode, result.headers).end(body);
}
