/** @module What every request passes on its way to its route. */
export { Access, authenticate, type TokenIssuer } from "./auth";
export { addHeaders, compose, type Responder } from "./compose";
export { cors } from "./cors";
export { receiveBody, withinDeadline } from "./limits";
export { countRequests, timeAnswers } from "./metrics";
export { answerProblems } from "./problems";
export { securityHeaders } from "./security-headers";
