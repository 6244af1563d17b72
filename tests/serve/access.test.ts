/** Which routes ask for a key. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelRegistry, Service } from "../../serve/core/index";
import { ROUTES } from "../../serve/core/routes/index";

/** Probes, and what describes the API. */
const OPEN = [
  ...["/livez", "/readyz", "/openapi.json", "/problems", "/v2", "/v2/health/live", "/v2/health/ready"],
  ...["/v2/models/{model}/ready", "/v2/models/{model}/versions/{version}/ready"],
];

test("every route but probes and descriptions refuses callers without a key, and does not read their body", async () => {
  const service = new Service({ models: new ModelRegistry(), apiKeys: ["key"] });
  const open: string[] = [];
  for (const { label, methods } of ROUTES) {
    for (const method of methods) {
      let isRead = false;
      const { status } = await service.handle({
        method,
        path: label.replace(/\{\w+\*?\}/g, "a"),
        query: new URLSearchParams(),
        headers: { "x-api-key": "another" },
        id: "a",
        signal: new AbortController().signal,
        readBody: async () => {
          isRead = true;
          return new Uint8Array();
        },
      });
      if (status !== 401) open.push(label);
      else assert.equal(isRead, false, label);
    }
  }
  assert.deepEqual([...new Set(open)].sort(), OPEN.sort());
});
