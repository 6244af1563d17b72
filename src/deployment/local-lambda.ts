/**
 * @module A stand-in for API Gateway and the Lambda Runtime API: HTTP requests become events (payload format 2.0) for the
 * function's process, and its results become answers again.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { projectRoot } from "../files/index";

export interface LocalLambdaOptions {
  /** Environment of the function, such as `HISTO_MODEL`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder with `dist/serve/lambda/bootstrap.js` and `node_modules`: the project, or what an image would hold. */
  readonly root?: string;
  /** Command put before `node`, such as `taskset -c 0`. */
  readonly launcher?: readonly string[];
  /** Options of `node`. */
  readonly nodeOptions?: readonly string[];
}

/** What the function reports when it cannot start. */
export interface InitError {
  readonly errorType: string;
  readonly errorMessage: string;
}

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly answer: ServerResponse;
}

/** A running function behind its entrance. */
export class LocalLambda {
  private readonly waiting: Invocation[] = [];
  private readonly running = new Map<string, Invocation>();
  private poll: ServerResponse | undefined;
  private failure: InitError | undefined;
  private serial = 0;
  private child: ChildProcess | undefined;
  private readonly runtime: Server = createServer((request, response) => void this.runtimeCall(request, response));
  private readonly entrance: Server = createServer((request, response) => void this.invoke(request, response));
  /** Called when the function asks for its first event or reports that it cannot start. */
  private settle: () => void = () => undefined;

  /** Address of the entrance; set once started. */
  url = "";
  /** Resolves to the seconds from the start of the process until it took events: Lambda's INIT phase. */
  readonly initialized: Promise<number>;

  private constructor() {
    const started = performance.now();
    this.initialized = new Promise((resolve) => {
      this.settle = () => resolve((performance.now() - started) / 1000);
    });
  }

  /** Starts the function's main program as Lambda does: with the Runtime API's address in the environment. */
  static async start(options: LocalLambdaOptions): Promise<LocalLambda> {
    const lambda = new LocalLambda();
    const [runtimePort, port] = await Promise.all([listen(lambda.runtime), listen(lambda.entrance)]);
    const root = options.root ?? projectRoot();
    const program = [process.execPath, ...(options.nodeOptions ?? []), join(root, "dist/serve/lambda/bootstrap.js")];
    const [command, ...args] = [...(options.launcher ?? []), ...program];
    lambda.child = spawn(command as string, args, {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        HISTO_ROOT: root,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${runtimePort}`,
        ...options.environment,
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    lambda.url = `http://127.0.0.1:${port}`;
    return lambda;
  }

  /** What the function reported when it could not start; undefined while all is well. */
  get initError(): InitError | undefined {
    return this.failure;
  }

  /** Highest resident memory of the function's process so far, in bytes; undefined where the system does not tell. */
  get peakMemoryBytes(): number | undefined {
    return peakMemoryOf(this.child?.pid);
  }

  async close(): Promise<void> {
    const { child } = this;
    child?.kill("SIGKILL");
    if (child && child.exitCode === null && child.signalCode === null) await once(child, "exit");
    for (const server of [this.runtime, this.entrance]) {
      server.closeAllConnections();
      server.close();
    }
  }

  private async invoke(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.waiting.push({ id: `invocation-${this.serial++}`, event: await eventOf(request), answer });
    this.deliver();
  }

  private deliver(): void {
    const { poll } = this;
    const invocation = poll && this.waiting.shift();
    if (!poll || !invocation) return;
    this.poll = undefined;
    this.running.set(invocation.id, invocation);
    poll.writeHead(200, { "content-type": "application/json", "lambda-runtime-aws-request-id": invocation.id });
    poll.end(JSON.stringify(invocation.event));
  }

  private async runtimeCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id = "", kind] =
      /^\/2018-06-01\/runtime\/(?:invocation|init)\/([\w-]+)(?:\/(\w+))?$/.exec(request.url ?? "") ?? [];
    if (id === "next") {
      this.settle();
      this.poll = response;
      this.deliver();
      return;
    }
    const body = JSON.parse((await bodyOf(request)).toString());
    response.writeHead(202).end("{}");
    if (id === "error") {
      this.failure = body;
      this.settle();
      return;
    }
    const invocation = this.running.get(id);
    this.running.delete(id);
    if (kind === "response") writeResult(invocation?.answer, body);
    else invocation?.answer.writeHead(502).end(JSON.stringify(body));
  }
}

/** Highest resident memory of a process so far, in bytes (Linux only). */
export function peakMemoryOf(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
  } catch {
    return undefined;
  }
}

async function listen(server: Server): Promise<number> {
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
      domainName: "api.execute-api.us-east-1.amazonaws.com",
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
