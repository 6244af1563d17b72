/** @module The middlewares that every request passes. */
export { Access, authenticate, type TokenIssuer } from "./auth";
export { addHeaders, compose, type Responder } from "./compose";
export { compressAnswers } from "./compression";
export { cors, refuseOtherHosts, refuseOtherSites, securityHeaders } from "./headers";
export { receiveBody, withinDeadline } from "./limits";
export { answerProblems, countRequests, timeAnswers } from "./outcomes";
