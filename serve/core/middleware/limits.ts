/** @module Limits of a request's body and of the time for its response. */
import { setMaxListeners } from "node:events";
import { Problem, type ServiceRequest } from "../http/index";
import type { ServiceLimits } from "../routes/index";
import type { Middleware } from "./compose";

/** Reads the body for routes that have one, with the limit for one or many images. @throws {Problem} */
export function receiveBody({ bodyBytes, batchBytes }: ServiceLimits): Middleware {
  return async (request, next) => {
    const { route, headers } = request;
    if (route.body === "none") return next(request);
    if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
      throw new Problem("CONTENT_TYPE_UNSUPPORTED", "Compressed bodies are not accepted.");
    }
    return next({ ...request, body: await request.readBody(route.body === "many" ? batchBytes : bodyBytes) });
  };
}

/** Stops work that takes too long or whose client has disconnected. @throws {Problem} `DEADLINE_EXCEEDED` */
export function withinDeadline({ deadlineMs }: ServiceLimits): Middleware {
  return async (request, next) => {
    const controller = new AbortController();
    // One for each image of a batch; Node would warn of a leak.
    setMaxListeners(0, controller.signal);
    const abort = () => controller.abort(new Problem("DEADLINE_EXCEEDED"));
    request.signal.addEventListener("abort", abort, { once: true });
    if (request.signal.aborted) abort();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        abort();
        reject(new Problem("DEADLINE_EXCEEDED"));
      }, millisecondsFor(request));
    });
    try {
      return await Promise.race([next({ ...request, signal: controller.signal }), deadline]);
    } finally {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", abort);
    }
  };

  function millisecondsFor(request: ServiceRequest): number {
    return Math.min(deadlineMs, request.deadlineMs ?? deadlineMs);
  }
}
