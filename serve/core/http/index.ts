/** @module Requests, responses and problems as plain data, independent of frameworks. */
export { readJsonBody } from "./json-body";
export { type MemoryShare, RequestMemory } from "./memory";
export {
  acceptsGzip,
  CLIENT_GONE,
  json,
  mediaType,
  problemBody,
  problemResponse,
  REQUEST_TIMEOUT,
  type ServiceRequest,
  type ServiceResponse,
  text,
} from "./message";
export { readMultipart } from "./multipart";
export { PROBLEM_CODES, Problem, type ProblemCode } from "./problem";
