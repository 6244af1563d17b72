/**
 * @module Authenticates clients by an API key, or by a token of an OpenID Connect issuer. Compares keys in constant time; never logs
 * keys or tokens.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 * @see https://www.rfc-editor.org/rfc/rfc8725 for what is checked of a token
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { Problem, type ServiceRequest } from "../http/index";
import type { Middleware } from "./compose";

type Jose = typeof import("jose", { with: { "resolution-mode": "import" }});
type SigningKeys = ReturnType<Jose["createRemoteJWKSet"]>;

export interface TokenIssuer {
  /** Address of the issuer, as in its discovery document and tokens. */
  readonly issuer: string;
  /** Required in a token's `aud`. */
  readonly audience: string;
}

/** Only algorithms with public keys: with others, everyone who can verify tokens could issue them. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** Allowed difference of the clocks of issuer and service, in seconds. */
const CLOCK_TOLERANCE = 30;
const DISCOVERY_TIMEOUT_MS = 5000;
/** Error codes of jose for an issuer without keys; all others concern the token. */
const KEYS_MISSING = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

/** Rejects unauthenticated requests before their body is read, except for open routes. */
export function authenticate(access: Access): Middleware {
  return async (request, next) => {
    if (!request.route.open) await access.check(request.headers);
    return next(request);
  };
}

/** Access control; open to all without keys and issuer. */
export class Access {
  private readonly keys: readonly Buffer[];
  private readonly tokens: TokenIssuer | undefined;
  private signingKeys: Promise<SigningKeys> | undefined;

  constructor({ apiKeys = [], tokens }: { apiKeys?: readonly string[] | undefined; tokens?: TokenIssuer | undefined }) {
    this.keys = apiKeys.map(digestOf);
    this.tokens = tokens;
  }

  /**
   * Accepts requests with a key (`x-api-key` or `authorization: Bearer`) or a valid token (`authorization: Bearer`).
   * @throws {Problem} `UNAUTHORIZED`; `ISSUER_UNAVAILABLE` if the issuer's keys cannot be fetched
   */
  async check(headers: ServiceRequest["headers"]): Promise<void> {
    if (this.keys.length === 0 && !this.tokens) return;
    const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
    if ([headers["x-api-key"], bearer].some((given) => given !== undefined && this.hasKey(given))) return;
    if (bearer === undefined || !this.tokens) throw unauthorized();
    await this.verify(bearer, this.tokens);
  }

  private hasKey(given: string): boolean {
    const digest = digestOf(given);
    // Compares all keys, so that the time does not depend on the result.
    return this.keys.filter((key) => timingSafeEqual(key, digest)).length > 0;
  }

  private async verify(token: string, { issuer, audience }: TokenIssuer): Promise<void> {
    // Loaded only if tokens are used.
    const { errors, jwtVerify } = await import("jose");
    this.signingKeys ??= discoverKeys(issuer);
    let keys: SigningKeys | undefined;
    try {
      keys = await this.signingKeys;
      const options = {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ["exp"],
      };
      await jwtVerify(token, keys, options);
    } catch (error) {
      const isKnown = error instanceof errors.JOSEError;
      if (isKnown && !KEYS_MISSING.includes(error.code)) throw unauthorized(invalidToken(error.message));
      // Discovered again with the next request, but not for tokens that name an unusable key of the issuer.
      if (isKnown || !keys) this.signingKeys = undefined;
      throw new Problem("ISSUER_UNAVAILABLE", undefined, { "retry-after": "5" }, { cause: error });
    }
  }
}

/** The issuer's keys, fetched when a token refers to an unknown one. */
async function discoverKeys(issuer: string): Promise<SigningKeys> {
  const { createRemoteJWKSet } = await import("jose");
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS), redirect: "error" });
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (!response.ok || document.issuer !== issuer || typeof document.jwks_uri !== "string") {
    throw new Error(`${address} is not a discovery document of ${issuer}`);
  }
  return createRemoteJWKSet(new URL(document.jwks_uri), { timeoutDuration: DISCOVERY_TIMEOUT_MS });
}

/** What is wrong with a token. @see https://www.rfc-editor.org/rfc/rfc6750#section-3 also for the characters */
function invalidToken(message: string): string {
  return `, error="invalid_token", error_description="${message.replace(/["\\]|[^ -~]/g, "'")}"`;
}

function unauthorized(reason = ""): Problem {
  return new Problem("UNAUTHORIZED", undefined, { "www-authenticate": `Bearer realm="histo"${reason}` });
}

/** The digest has the fixed length that the comparison needs. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
