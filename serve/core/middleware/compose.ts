/** @module Steps that a request passes on its way to its route, and the answer on its way back. */
import type { ServiceResponse } from "../http/index";
import type { RoutedRequest } from "../routes/index";

/** Answers a request. */
export type Responder = (request: RoutedRequest) => Promise<ServiceResponse>;

/** One step: answers itself, or hands on the request, or a changed one, and may change the answer. */
export type Middleware = (request: RoutedRequest, next: Responder) => Promise<ServiceResponse>;

/** One function of all steps, the first outermost. @param last what the innermost hands on to */
export function compose(steps: readonly Middleware[], last: Responder): Responder {
  return steps.reduceRight<Responder>((next, step) => (request) => step(request, next), last);
}

/** Adds headers to every answer, which those of the answer itself overrule. */
export function addHeaders(headersFor: (request: RoutedRequest) => Readonly<Record<string, string>>): Middleware {
  return async (request, next) => {
    const response = await next(request);
    return { ...response, headers: { ...headersFor(request), ...response.headers } };
  };
}
