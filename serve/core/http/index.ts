/** @module Requests, answers and problems as plain data, and what guards them: keys, tokens, origins, memory. */
export { Access, type TokenIssuer } from "./auth";
export { corsHeaders, preflight } from "./cors";
export { type MemoryShare, RequestMemory } from "./memory";
export { json, mediaType, type ServiceRequest, type ServiceResponse, text } from "./message";
export { readMultipart } from "./multipart";
export { PROBLEM_CODES, Problem, type ProblemCode, problemResponse } from "./problem";
export { securityHeaders } from "./security-headers";
