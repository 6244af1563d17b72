/**
 * @module The function's main program: gets events from the Lambda Runtime API, so that any image with Node can be used.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { type IncomingHttpHeaders, request } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { messageOf } from "../../src/errors/index";
import type { HttpEvent } from "./event";
import { createHandler, type Handler, optionsFromEnvironment } from "./handler";

/** Handles events until the process is ended. */
async function runLambda(api: string): Promise<never> {
  const base = `http://${api}/2018-06-01/runtime`;
  const handle = await initialize(base);
  for (;;) {
    const { headers, text } = await call(`${base}/invocation/next`);
    const id = headers["lambda-runtime-aws-request-id"] ?? "";
    const until = Number(headers["lambda-runtime-deadline-ms"] ?? Number.NaN);
    const remainingMs = Number.isFinite(until) ? until - Date.now() : undefined;
    try {
      await call(`${base}/invocation/${id}/response`, await handle(JSON.parse(text) as HttpEvent, remainingMs));
    } catch (error) {
      await call(`${base}/invocation/${id}/error`, failure("Runtime.HandlerError", error));
    }
  }
}

async function initialize(base: string): Promise<Handler> {
  try {
    const handle = await createHandler(optionsFromEnvironment());
    // Lambda takes the snapshot during this call, which returns in every process started from it.
    if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === "snap-start") await call(`${base}/restore/next`);
    return handle;
  } catch (error) {
    await call(`${base}/init/error`, failure("Runtime.InitError", error));
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  }
}

function failure(errorType: string, error: unknown): object {
  return { errorType, errorMessage: messageOf(error), stackTrace: [] };
}

/**
 * Calls the Runtime API: GET, or POST with a body. Waits as long as it takes: `fetch` would fail where the next event comes
 * after more than five minutes.
 * @throws {Error} if it is refused: a result that is too large, or a process that is to end
 */
async function call(url: string, body?: object): Promise<{ headers: IncomingHttpHeaders; text: string }> {
  const content = body && Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const headers = content && { "content-type": "application/json", "content-length": content.length };
    // Without an agent: a kept connection may be closed while the function is frozen.
    request(url, { method: content ? "POST" : "GET", headers, agent: false }, (response) => {
      const { statusCode = 0, headers } = response;
      textOf(response).then((text) => {
        if (statusCode < 400) resolve({ headers, text });
        else reject(new Error(`The Runtime API answered ${statusCode}: ${text}`));
      }, reject);
    })
      .on("error", reject)
      .end(content);
  });
}

if (require.main === module) {
  const api = process.env.AWS_LAMBDA_RUNTIME_API;
  if (api) void runLambda(api);
  else {
    process.stderr.write("AWS_LAMBDA_RUNTIME_API is not set: this program only runs in Lambda.\n");
    process.exitCode = 2;
  }
}
