/** @module Requests, responses and problems as plain data, independent of frameworks. */

export { readJsonBody, readMultipart } from "./bodies";
export {
  acceptsGzip,
  CLIENT_GONE,
  json,
  type MemoryShare,
  mediaType,
  problemBody,
  problemResponse,
  REQUEST_TIMEOUT,
  RequestMemory,
  type ServiceRequest,
  type ServiceResponse,
  text,
} from "./message";
export { PROBLEM_CODES, Problem, type ProblemCode } from "./problem";
