/** @module What is thrown becomes an answer. */
import { problemBody, problemResponse } from "../http/index";
import type { ServiceContext } from "../routes/index";
import type { Middleware } from "./compose";

/** Answers with the problem, whatever was thrown. */
export function answerProblems(context: Pick<ServiceContext, "toProblem">): Middleware {
  return async (request, next) => {
    try {
      return await next(request);
    } catch (error) {
      const problem = context.toProblem(error, request.id);
      const body = problemBody(problem, request.id);
      // The Open Inference Protocol wants the message under `error`.
      return problemResponse(problem, request.path.startsWith("/v2") ? { error: problem.message, ...body } : body);
    }
  };
}
