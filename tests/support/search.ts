/** @module Waiting for a search, and comparing two of them. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LeaderboardRow } from "../../src/search/index";

/** Waits until a condition is true, at most two minutes. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited too long until ${what}`);
    await sleep(5);
  }
}

/** The part of a leaderboard that must not depend on interruptions. */
export function essence(rows: readonly LeaderboardRow[]): unknown {
  return rows.map(({ seconds: _seconds, ...row }) => row);
}
