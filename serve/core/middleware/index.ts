/** @module The middlewares that every request passes. */
export { Access, authenticate, type TokenIssuer } from "./auth";
export { addHeaders, compose, type Responder } from "./compose";
export { compressAnswers, cors, refuseOtherHosts, refuseOtherSites, securityHeaders } from "./headers";
export { answerProblems, countRequests, receiveBody, timeAnswers, withinDeadline } from "./outcomes";
