/** @module Whom a limit of requests counts for. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ModelRegistry, Service } from "../../serve/core/index";
import { createApp } from "../../serve/server/index";
import { listen } from "../../serve/server/listen";

/** Gives the status of a request with these headers, by an application that allows two requests a minute. */
async function start(t: TestContext, trustedProxies: number) {
  const app = createApp(new Service({ models: new ModelRegistry() }), { rateLimit: 2, trustedProxies });
  const listener = await listen(app, { port: 0 });
  t.after(() => listener.close(0));
  return async (headers: Record<string, string>) => (await fetch(`${listener.url}/info`, { headers })).status;
}

test("behind API Gateway, which names a client in Forwarded only, each has its own limit", async (t) => {
  const status = await start(t, 1);
  const from = (forwarded: string) => status({ forwarded });
  assert.deepEqual([await from("for=192.0.2.1;proto=https"), await from("by=10.0.0.1;for=192.0.2.1")], [200, 200]);
  assert.equal(await from("for=192.0.2.1;host=a"), 429);
  // What clients send themselves stands before what the gateway appends.
  assert.equal(await from('for=192.0.2.2;proto=https, for="192.0.2.1:4711"'), 429);
  assert.equal(
    await from('for="203.0.113.9, for=192.0.2.1;proto=https'),
    429,
    "a quote that is left open hides nothing",
  );
  assert.equal(
    await from('for="203.0.113.9, by=10.0.0.1;for="192.0.2.1:4711"'),
    429,
    "not even with the gateway's own quotes",
  );
  assert.equal(await from("for=192.0.2.2;host=a"), 200);
  assert.deepEqual([await from('for="[2001:db8::1]:443"'), await from('For="[2001:db8::1]"')], [200, 200]);
  assert.equal(await from('by=a;for="[2001:db8::1]"'), 429);
});

test("a proxy that names the client in X-Forwarded-For is believed, and not what the client wrote into Forwarded", async (t) => {
  const status = await start(t, 1);
  const statuses: number[] = [];
  for (const client of [1, 2, 3]) {
    statuses.push(await status({ "x-forwarded-for": "192.0.2.1", forwarded: `for=198.51.100.${client}` }));
  }
  assert.deepEqual(statuses, [200, 200, 429]);
});

test("without a trusted proxy no header names the client", async (t) => {
  const status = await start(t, 0);
  const statuses: number[] = [];
  for (const client of [1, 2, 3]) {
    statuses.push(await status({ "x-forwarded-for": `192.0.2.${client}`, forwarded: `for=192.0.2.${client}` }));
  }
  assert.deepEqual(statuses, [200, 200, 429]);
});
