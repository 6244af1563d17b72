/** @module The middlewares that every request passes. */
export { Access, authenticate, type TokenIssuer } from "./auth";
export { addHeaders, compose, type Responder } from "./compose";
export { cors } from "./cors";
export { receiveBody, withinDeadline } from "./limits";
export { countRequests, timeAnswers } from "./metrics";
export { answerProblems } from "./problems";
export { securityHeaders } from "./security-headers";
