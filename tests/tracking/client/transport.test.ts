/** @module Pauses between attempts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../src/tracking/client/errors";
import { pauseAfter } from "../../../src/tracking/client/transport";

test("a server can lengthen the pause before the next attempt, and not remove it", () => {
  const answered = (retryAfter: string) => ApiError.fromAnswer("GET /", 503, "", retryAfter);
  for (const retryAfter of ["0", "-5", "soon"]) assert.ok(pauseAfter(answered(retryAfter), 2) >= 750, retryAfter);
  assert.equal(pauseAfter(answered("7"), 1), 7000);
  assert.equal(pauseAfter(answered("3600"), 1), 30_000);
  const soon = new Date(Date.now() + 9000).toUTCString();
  assert.ok(Math.abs(pauseAfter(answered(soon), 1) - 9000) < 2000, "a date is a delay too");
  assert.ok(pauseAfter(new Error("ECONNREFUSED"), 1) >= 375);
});

test("the server's reason ends without a full stop, because a sentence follows it", () => {
  const { message } = ApiError.fromAnswer("GET /", 401, "You are not authenticated..\n");
  assert.equal(message, "GET / was answered with 401: You are not authenticated");
});
