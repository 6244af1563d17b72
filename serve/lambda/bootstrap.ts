/**
 * @module The function's main program: gets events from the Lambda Runtime API, so that any image with Node can be used.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { messageOf } from "../../src/errors/index";
import type { HttpEvent } from "./event";
import { createHandler, type Handler, optionsFromEnvironment } from "./handler";

/** Handles events until the process is ended. */
async function runLambda(api: string): Promise<never> {
  const base = `http://${api}/2018-06-01/runtime`;
  const handle = await initialize(base);
  for (;;) {
    const next = await fetch(`${base}/invocation/next`);
    const id = next.headers.get("lambda-runtime-aws-request-id") ?? "";
    const until = Number(next.headers.get("lambda-runtime-deadline-ms") ?? Number.NaN);
    const text = await next.text();
    const remainingMs = Number.isFinite(until) ? until - Date.now() : undefined;
    try {
      await post(`${base}/invocation/${id}/response`, await handle(JSON.parse(text) as HttpEvent, remainingMs));
    } catch (error) {
      await post(`${base}/invocation/${id}/error`, failure("Runtime.HandlerError", error));
    }
  }
}

async function initialize(base: string): Promise<Handler> {
  try {
    const handle = await createHandler(optionsFromEnvironment());
    // Lambda takes the snapshot during this call, which returns in every process started from it.
    if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === "snap-start") await fetch(`${base}/restore/next`);
    return handle;
  } catch (error) {
    await post(`${base}/init/error`, failure("Runtime.InitError", error));
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  }
}

function failure(errorType: string, error: unknown): object {
  return { errorType, errorMessage: messageOf(error), stackTrace: [] };
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  await response.arrayBuffer();
}

if (require.main === module) {
  const api = process.env.AWS_LAMBDA_RUNTIME_API;
  if (api) void runLambda(api);
  else {
    process.stderr.write("AWS_LAMBDA_RUNTIME_API is not set: this program only runs in Lambda.\n");
    process.exitCode = 2;
  }
}
