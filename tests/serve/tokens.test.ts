import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { tokensOf } from "../../serve/core/index";
import { Access } from "../../serve/core/middleware/index";

type Jose = typeof import("jose", { with: { "resolution-mode": "import" }});
type Signer = Awaited<ReturnType<Jose["generateKeyPair"]>>;

/** A local OpenID Connect issuer: its discovery document and its public keys. */
class Issuer {
  readonly keys: object[] = [];
  /** Requests for the keys so far. */
  asked = 0;
  failing = false;
  private readonly server: Server = createServer((request, response) => {
    if (this.failing) return void response.writeHead(500).end();
    const isKeys = request.url === "/keys";
    if (isKeys) this.asked++;
    const body = isKeys ? { keys: this.keys } : { issuer: this.url, jwks_uri: `${this.url}/keys` };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async open(): Promise<void> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe("tokens of an OpenID Connect issuer", () => {
  const issuer = new Issuer();
  let jose: Jose;
  let signer: Signer;

  before(async () => {
    jose = await import("jose");
    await issuer.open();
    signer = await addKey("first");
  });
  after(() => issuer.close());

  async function addKey(kid: string, alg = "RS256"): Promise<Signer> {
    const pair = await jose.generateKeyPair(alg);
    issuer.keys.push({ ...(await jose.exportJWK(pair.publicKey)), kid, alg });
    return pair;
  }

  const access = (apiKeys: string[] = []) => new Access({ apiKeys, tokens: tokensOf(issuer.url, "histo") });

  function token(changes: { iss?: string; aud?: string; exp?: string | undefined } = {}, kid = "first", by = signer) {
    const { iss = issuer.url, aud = "histo" } = changes;
    const unsigned = new jose.SignJWT({ sub: "somebody" })
      .setProtectedHeader({ alg: "RS256", kid })
      .setIssuer(iss)
      .setAudience(aud);
    if (!("exp" in changes)) unsigned.setExpirationTime("5m");
    else if (changes.exp) unsigned.setExpirationTime(changes.exp);
    return unsigned.sign(by.privateKey);
  }

  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

  test("a token of the issuer for this service is let through, and nothing else", async () => {
    const gate = access();
    await gate.check(bearer(await token()));
    const others = await jose.generateKeyPair("RS256");
    const secret = new TextEncoder().encode(JSON.stringify(issuer.keys[0]));
    const wrong = {
      "another audience": await token({ aud: "elsewhere" }),
      "another issuer": await token({ iss: "https://other.example" }),
      "expired a minute ago": await token({ exp: "-1m" }),
      "without an end": await token({ exp: undefined }),
      "another's signature": await token({}, "first", others),
      "an unknown key": await token({}, "nobody"),
      "signed with the public key as a secret": await new jose.SignJWT({})
        .setProtectedHeader({ alg: "HS256", kid: "first" })
        .setIssuer(issuer.url)
        .setAudience("histo")
        .setExpirationTime("5m")
        .sign(secret),
      unsigned: new jose.UnsecuredJWT({}).setIssuer(issuer.url).setAudience("histo").setExpirationTime("5m").encode(),
      "no token": "abc",
    };
    for (const [what, text] of Object.entries(wrong)) {
      await assert.rejects(gate.check(bearer(text)), { code: "UNAUTHORIZED", status: 401 }, what);
    }
    const said = (headers: Record<string, string>) =>
      gate.check(headers).catch((error) => error.headers["www-authenticate"]);
    const invalid = 'Bearer realm="histo", error="invalid_token", error_description=';
    assert.equal(await said(bearer(wrong["another audience"])), `${invalid}"unexpected 'aud' claim value"`);
    assert.equal(await said({}), 'Bearer realm="histo"');
    await assert.rejects(gate.check({}), { code: "UNAUTHORIZED" });
    await assert.rejects(gate.check({ "x-api-key": await token() }), { code: "UNAUTHORIZED" });
  });

  test("keys and tokens may be used side by side", async () => {
    const gate = access(["a-key"]);
    await gate.check({ "x-api-key": "a-key" });
    await gate.check(bearer("a-key"));
    await gate.check(bearer(await token()));
    await assert.rejects(gate.check(bearer("b-key")), { code: "UNAUTHORIZED" });
  });

  test("known keys are not asked for again", async () => {
    const gate = access();
    await gate.check(bearer(await token()));
    const { asked } = issuer;
    for (let i = 0; i < 5; i++) await gate.check(bearer(await token()));
    assert.equal(issuer.asked, asked);
  });

  test("tokens that name an unusable key of the issuer do not have its keys fetched again", async () => {
    const gate = access();
    issuer.keys.push({ kty: "RSA", n: "AQAB", e: "AQAB", kid: "unusable" });
    await gate.check(bearer(await token()));
    const { asked } = issuer;
    for (let i = 0; i < 3; i++) {
      await assert.rejects(gate.check(bearer(await token({}, "unusable"))), { code: "ISSUER_UNAVAILABLE" });
    }
    await gate.check(bearer(await token()));
    assert.equal(issuer.asked, asked);
  });

  test("while the issuer does not answer it is no fault of the client, and its answer is asked for again", async () => {
    const gate = access();
    issuer.failing = true;
    await assert.rejects(gate.check(bearer(await token())), { code: "ISSUER_UNAVAILABLE", status: 503 });
    issuer.failing = false;
    await gate.check(bearer(await token()));
    issuer.failing = true;
    await gate.check(bearer(await token()));
    issuer.failing = false;
  });
});

test("an issuer must be an https address and have an audience", () => {
  assert.equal(tokensOf(), undefined);
  assert.deepEqual(tokensOf("https://issuer.example/pool", "histo"), {
    issuer: "https://issuer.example/pool",
    audience: "histo",
  });
  for (const issuer of ["issuer", "http://issuer.example", "ftp://a", ""]) {
    assert.throws(() => tokensOf(issuer, "histo"), { code: "TOKEN_ISSUER_INVALID" });
  }
  assert.throws(() => tokensOf("https://issuer.example"), { code: "TOKEN_AUDIENCE_MISSING" });
});

test("of a key in both headers one must be right", async () => {
  const gate = new Access({ apiKeys: ["right"] });
  const headers = (key: string, bearer: string) => ({ "x-api-key": key, authorization: `Bearer ${bearer}` });
  for (const wrong of ["", "wrong"]) {
    await gate.check(headers(wrong, "right"));
    await gate.check(headers("right", wrong));
    await assert.rejects(gate.check(headers(wrong, "wrong")), { code: "UNAUTHORIZED" });
  }
});
