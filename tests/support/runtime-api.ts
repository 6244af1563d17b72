/**
 * @module A stand-in for API Gateway and the Lambda Runtime API: HTTP requests become events (payload format 2.0) for the
 * function's process, and its results become answers again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { projectRoot } from "../../src/files/index";

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly answer: ServerResponse;
}

/** A running function behind its entrance. */
export interface LocalLambda {
  readonly url: string;
  /** What the function reported when it could not start; undefined while all is well. */
  readonly initError: () => { errorType: string; errorMessage: string } | undefined;
  close(): Promise<void>;
}

/** Starts the function's main program as Lambda does: with the Runtime API's address and its settings in the environment. */
export async function startLambda(environment: Readonly<Record<string, string>>): Promise<LocalLambda> {
  const waiting: Invocation[] = [];
  const running = new Map<string, Invocation>();
  let poll: ServerResponse | undefined;
  let initError: { errorType: string; errorMessage: string } | undefined;
  let serial = 0;

  const deliver = () => {
    const invocation = poll && waiting.shift();
    if (!poll || !invocation) return;
    running.set(invocation.id, invocation);
    poll.writeHead(200, { "content-type": "application/json", "lambda-runtime-aws-request-id": invocation.id });
    poll.end(JSON.stringify(invocation.event));
    poll = undefined;
  };

  const runtime = createServer(async (request, response) => {
    const [, id = "", kind] =
      /^\/2018-06-01\/runtime\/(?:invocation|init)\/([\w-]+)(?:\/(\w+))?$/.exec(request.url ?? "") ?? [];
    if (id === "next") {
      poll = response;
      deliver();
      return;
    }
    const body = JSON.parse((await bodyOf(request)).toString());
    response.writeHead(202).end("{}");
    if (id === "error") {
      initError = body;
      return;
    }
    const invocation = running.get(id);
    running.delete(id);
    if (kind === "response") writeResult(invocation?.answer, body);
    else invocation?.answer.writeHead(502).end(JSON.stringify(body));
  });
  const entrance = createServer(async (request, response) => {
    const id = `invocation-${serial++}`;
    waiting.push({ id, event: await eventOf(request), answer: response });
    deliver();
  });
  const [runtimePort, port] = await Promise.all([listen(runtime), listen(entrance)]);
  const child: ChildProcess = spawn(
    process.execPath,
    [join(projectRoot(), "dist", "serve", "lambda", "bootstrap.js")],
    {
      env: {
        PATH: process.env.PATH,
        HISTO_ROOT: projectRoot(),
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${runtimePort}`,
        ...environment,
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  return {
    url: `http://127.0.0.1:${port}`,
    initError: () => initError,
    async close() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      for (const server of [runtime, entrance]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** As API Gateway does it: text types as they are, everything else in base64. */
async function eventOf(request: IncomingMessage): Promise<object> {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const body = await bodyOf(request);
  const isText = /^(text\/|application\/(json|xml|javascript))/.test(request.headers["content-type"] ?? "");
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.execute-api.eu-central-1.amazonaws.com",
      http: { method: request.method, path: pathname, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" },
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

function writeResult(
  answer: ServerResponse | undefined,
  result: { statusCode: number; headers: Record<string, string>; body: string; isBase64Encoded: boolean },
): void {
  const body = Buffer.from(result.body, result.isBase64Encoded ? "base64" : "utf8");
  answer?.writeHead(result.statusCode, result.headers).end(body);
}
