/**
 * @module A local replacement for API Gateway and the Lambda Runtime API: passes HTTP requests to the function's process as
 * events (payload format 2.0) and sends its results back.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer, text as textOf } from "node:stream/consumers";
import { projectRoot } from "../files/index";

interface LocalLambdaOptions {
  /** Environment of the function, such as `HISTO_MODEL`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder with `dist/serve/lambda/bootstrap.js` and `node_modules`: the project, or the contents of an image. */
  readonly root?: string;
  /** Command that runs the program, such as `taskset -c 0`. */
  readonly launcher?: readonly string[];
  /** Starts the function in place of `node`, such as by running its image, given the Runtime API's address. */
  readonly command?: (runtimeApi: string) => readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly limits?: LambdaLimits;
}

/** Lambda's limits to apply; none by default. */
export interface LambdaLimits {
  /**
   * Megabytes that the process may allocate, enforced with `ulimit -d` (Linux only). Stricter than Lambda: counts all
   * writable memory of the process, used or not.
   */
  readonly memoryMb?: number;
  /** Largest event and result, in bytes of JSON; Lambda's limit is 6 MB. */
  readonly payloadBytes?: number;
  /** Longest time for an event; the function is stopped after it. */
  readonly timeoutSeconds?: number;
  /** Forbids writing files, also to /tmp (`ulimit -f 0`). */
  readonly noWrites?: boolean;
}

/** The error that the function reports when it cannot start. */
export interface InitError {
  readonly errorType: string;
  readonly errorMessage: string;
}

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly answer: ServerResponse;
  timer?: NodeJS.Timeout;
}

/** A running function and its HTTP endpoint. */
export class LocalLambda {
  private readonly waiting: Invocation[] = [];
  private readonly running = new Map<string, Invocation>();
  private poll: ServerResponse | undefined;
  private failure: InitError | undefined;
  private serial = 0;
  private child: ChildProcess | undefined;
  private hasEnded = false;
  private readonly runtime: Server = createServer((request, response) =>
    answered(response, this.runtimeCall(request, response)),
  );
  private readonly entrance: Server = createServer((request, response) =>
    answered(response, this.invoke(request, response)),
  );
  /** Called when the function asks for its first event or reports that it cannot start. */
  private settle: () => void = () => undefined;

  url = "";
  /** Resolves to the seconds from the start of the process until it asked for events: Lambda's INIT phase. */
  readonly initialized: Promise<number>;

  private constructor(private readonly limits: LambdaLimits) {
    const started = performance.now();
    this.initialized = new Promise((resolve) => {
      this.settle = () => resolve((performance.now() - started) / 1000);
    });
  }

  /** Starts the function's main program as Lambda does, with the Runtime API's address in the environment. */
  static async start(options: LocalLambdaOptions): Promise<LocalLambda> {
    const limits = options.limits ?? {};
    const lambda = new LocalLambda(limits);
    const [runtimePort, port] = await Promise.all([listen(lambda.runtime), listen(lambda.entrance)]);
    const root = options.root ?? projectRoot();
    const api = `127.0.0.1:${runtimePort}`;
    const node = [process.execPath, ...(options.nodeOptions ?? []), join(root, "dist/serve/lambda/bootstrap.js")];
    const program = options.command?.(api) ?? node;
    const [command, ...args] = [...bounds(limits), ...(options.launcher ?? []), ...program];
    lambda.child = spawn(command as string, args, {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        HISTO_ROOT: root,
        AWS_LAMBDA_RUNTIME_API: api,
        ...options.environment,
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    lambda.child.once("exit", (status, signal) => lambda.ended(signal ?? `status ${status}`));
    lambda.child.once("error", (error) => lambda.ended(error.message));
    lambda.url = `http://127.0.0.1:${port}`;
    return lambda;
  }

  /** The error that the function reported when it could not start, if any. */
  get initError(): InitError | undefined {
    return this.failure;
  }

  /** Peak resident memory of the function's process in bytes; undefined if the system does not report it. */
  get peakMemoryBytes(): number | undefined {
    return peakMemoryOf(this.child?.pid);
  }

  async close(): Promise<void> {
    const { child } = this;
    child?.kill("SIGKILL");
    if (child?.pid !== undefined && !this.hasEnded) await once(child, "exit");
    for (const server of [this.runtime, this.entrance]) {
      server.closeAllConnections();
      server.close();
    }
  }

  private async invoke(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const event = JSON.stringify(await eventOf(request));
    if (Buffer.byteLength(event) > (this.limits.payloadBytes ?? Number.POSITIVE_INFINITY)) {
      gatewayError(answer, 413, "Request Entity Too Large");
    } else if (this.hasEnded) {
      gatewayError(answer, 500, "Internal Server Error");
    } else {
      this.waiting.push({ id: `invocation-${this.serial++}`, event, answer });
      this.deliver();
    }
  }

  private ended(how: string): void {
    this.hasEnded = true;
    this.failure ??= { errorType: "Runtime.ExitError", errorMessage: `The function's process ended: ${how}.` };
    this.settle();
    for (const { answer, timer } of [...this.waiting.splice(0), ...this.running.values()]) {
      clearTimeout(timer);
      gatewayError(answer, 500, "Internal Server Error");
    }
    this.running.clear();
  }

  private deliver(): void {
    const { poll } = this;
    const invocation = poll && this.waiting.shift();
    if (!poll || !invocation) return;
    this.poll = undefined;
    this.running.set(invocation.id, invocation);
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": invocation.id,
    };
    const { timeoutSeconds } = this.limits;
    if (timeoutSeconds !== undefined) {
      headers["lambda-runtime-deadline-ms"] = String(Date.now() + 1000 * timeoutSeconds);
      invocation.timer = setTimeout(() => this.child?.kill("SIGKILL"), 1000 * timeoutSeconds);
    }
    poll.writeHead(200, headers);
    poll.end(invocation.event);
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
    const text = await textOf(request);
    const fits = Buffer.byteLength(text) <= (this.limits.payloadBytes ?? Number.POSITIVE_INFINITY);
    // The function reports that as an error of its own.
    if (kind === "response" && !fits) return void response.writeHead(413).end("{}");
    response.writeHead(202).end("{}");
    if (id === "error") {
      this.failure = JSON.parse(text);
      this.settle();
      return;
    }
    const invocation = this.running.get(id);
    this.running.delete(id);
    clearTimeout(invocation?.timer);
    if (!invocation) return;
    const write = async () => writeResult(invocation.answer, JSON.parse(text) as FunctionResult);
    if (kind === "response") answered(invocation.answer, write());
    else gatewayError(invocation.answer, 500, "Internal Server Error");
  }
}

/** Answers also when the work fails, such as for a client that left in the middle, or a result that is none. */
function answered(answer: ServerResponse, work: Promise<void>): void {
  work.catch(() => (answer.headersSent ? answer.destroy() : gatewayError(answer, 500, "Internal Server Error")));
}

/** Sends API Gateway's error response, when the function gives no result. */
function gatewayError(answer: ServerResponse, status: number, message: string): void {
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
}

/** A shell command that sets the system's limits and then runs the program. */
function bounds({ memoryMb, noWrites }: LambdaLimits): string[] {
  const limits = [...(memoryMb ? [`ulimit -d ${memoryMb * 1024}`] : []), ...(noWrites ? ["ulimit -f 0"] : [])];
  return limits.length === 0 ? [] : ["sh", "-c", [...limits, 'exec "$@"'].join("; "), "lambda"];
}

/** Peak resident memory of a process in bytes (Linux only). */
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
