import assert from "node:assert/strict";
import { test } from "node:test";
import { type LeaderboardRow, searchFigures } from "../../src/search/index";

const rowOf = (value: number | null, trial: number, dropout: number) =>
  ({ rank: trial + 1, trial, value, settings: { dropout } }) as unknown as LeaderboardRow;

test("a trial without a value, which JSON makes null, changes no figure", () => {
  const space = { fixed: {}, searched: { dropout: { choice: [0, 0.5] } } };
  const loss = { metric: "loss", mode: "min" } as const;
  const rows = [0.3, 0.32, 0.6, 0.63, 0.61].map((value, trial) => rowOf(value, trial, trial < 2 ? 0 : 0.5));
  const figures = searchFigures(rows, space, loss);
  assert.deepEqual(Object.keys(figures), ["parallel-coordinates", "importance"]);
  for (const value of [null, Number.NaN]) {
    assert.deepEqual(searchFigures([...rows, rowOf(value, 5, 0.5)], space, loss), figures);
  }
});
