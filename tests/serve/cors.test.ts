import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { ModelRegistry, openWeb, Service, type ServiceOptions } from "../../serve/core/index";
import { createApp, createLogger } from "../../serve/server/index";

const FRIEND = "https://lab.example.org";

/** The application, without a model. */
async function start(
  t: TestContext,
  corsOrigins?: readonly string[],
  web?: ServiceOptions["web"],
  allowedHosts?: readonly string[],
): Promise<string> {
  const service = new Service({ models: new ModelRegistry(), web, allowedHosts, ...(corsOrigins && { corsOrigins }) });
  const logger = createLogger("silent");
  const server = createServer(createApp(service, { logger })).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Which other site's pages may read the answer to a GET and to the question before a POST. */
async function allowed(url: string, origin: string): Promise<(string | null)[]> {
  const before = { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
  const answers = [
    await fetch(`${url}/info`, { headers: { origin } }),
    await fetch(`${url}/predict`, { method: "OPTIONS", headers: before }),
  ];
  return answers.map(({ headers }) => headers.get("access-control-allow-origin"));
}

test("pages of other sites are shut out unless their origin is listed", async (t) => {
  assert.deepEqual(await allowed(await start(t), FRIEND), [null, null]);
  const open = await start(t, [FRIEND]);
  assert.deepEqual(await allowed(open, FRIEND), [FRIEND, FRIEND]);
  assert.deepEqual(await allowed(open, "https://elsewhere.example.org"), [null, null]);
});

test("the page of another site has no effect by a form or a text, which browsers send without asking first", async (t) => {
  const url = await start(t, [FRIEND]);
  const status = async (path: string, headers: Record<string, string>) =>
    (await fetch(url + path, { method: "POST", headers: { "content-type": "text/plain", ...headers }, body: "{}" }))
      .status;
  const foreign = { origin: "https://elsewhere.example.org", "sec-fetch-site": "cross-site" };
  for (const path of ["/feedback", "/slides", "/slides/a/cancel", "/predict", "/v2/models/a/infer"]) {
    assert.equal(await status(path, foreign), 403, path);
    assert.equal(await status(path, { ...foreign, "sec-fetch-site": "same-site" }), 403, path);
    for (const own of [{}, { "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }]) {
      assert.notEqual(await status(path, own), 403, path);
    }
    assert.notEqual(await status(path, { origin: FRIEND, "sec-fetch-site": "cross-site" }), 403, path);
  }
  const refused = await fetch(`${url}/feedback`, { method: "POST", headers: foreign, body: "{}" });
  assert.equal((await refused.json()).code, "ORIGIN_REFUSED");
  assert.equal((await fetch(`${url}/livez`, { headers: foreign })).status, 200, "links lead here");
});

/** Status and body of the answer to a GET whose address named this host. */
async function asHost(url: string, host: string): Promise<[status: number | undefined, body: string]> {
  const sent = request(url, { headers: { host }, agent: false }).end();
  const [answer] = await once(sent, "response");
  let body = "";
  for await (const chunk of answer) body += chunk;
  return [answer.statusCode, body];
}

test("a page whose name was made to lead to this machine gets nothing", async (t) => {
  const own = await start(t, [], await openWeb(), ["lab.example"]);
  for (const path of ["/", "/livez", "/info", "/metrics", "/nonsense"]) {
    for (const host of [
      "evil.example",
      "evil.example:8080",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "x.lab.example",
    ]) {
      const [status, body] = await asHost(own + path, host);
      assert.deepEqual([status, JSON.parse(body).code], [421, "HOST_REFUSED"], `${host}${path}`);
    }
  }
  const addresses = [
    "127.0.0.1:8080",
    "[::1]:8080",
    "192.168.1.7",
    "localhost:8080",
    "LOCALHOST",
    "a.localhost",
    "localhost.",
    "server:8080",
  ];
  for (const host of [...addresses, "lab.example", "Lab.Example:443"]) {
    assert.equal((await asHost(`${own}/livez`, host))[0], 200, host);
  }
  const any = await start(t, [], undefined, ["*"]);
  assert.equal((await asHost(`${any}/livez`, "evil.example"))[0], 200);
  assert.equal((await asHost(`${await start(t)}/livez`, "any.example"))[0], 200, "where nothing is said");
});

test("caches keep the page's files apart by origin and by encoding", async (t) => {
  const answer = await fetch(await start(t, [FRIEND], await openWeb()), { headers: { origin: FRIEND } });
  assert.deepEqual([answer.status, answer.headers.get("vary")], [200, "origin, accept-encoding"]);
});
