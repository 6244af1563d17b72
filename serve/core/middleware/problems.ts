/** @module Converts thrown errors to responses. */
import { problemBody, problemResponse } from "../http/index";
import type { ServiceContext } from "../routes/index";
import type { Middleware } from "./compose";

/** Responds with the problem of any thrown error. */
export function answerProblems(context: Pick<ServiceContext, "toProblem">): Middleware {
  return async (request, next) => {
    try {
      return await next(request);
    } catch (error) {
      const problem = context.toProblem(error, request);
      const body = problemBody(problem, request.id);
      // The Open Inference Protocol requires the message as `error`.
      return problemResponse(problem, request.path.startsWith("/v2") ? { error: problem.message, ...body } : body);
    }
  };
}
