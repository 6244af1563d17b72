/** @module Reads settings from texts of the command line or the environment. */
import { InputError } from "../../src/errors/index";
import { parseDecimal } from "../../src/files/index";
import type { TokenIssuer } from "./middleware/index";

/** The parts of a list such as `a, b`. */
export function listOf(text = ""): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

/**
 * The accepted API keys; none for an empty text.
 * @throws {InputError} `API_KEYS_EMPTY` for other texts without a key, because the service would be open to all
 */
export function apiKeysOf(text = ""): string[] {
  const keys = listOf(text);
  if (text === "" || keys.length > 0) return keys;
  const message =
    "HISTO_API_KEYS is set but contains no key; give keys separated by commas, or unset it to serve without keys.";
  throw new InputError("API_KEYS_EMPTY", message);
}

/**
 * The issuer of tokens, if given.
 * @param issuer address, https except on this machine @param audience `aud` of its tokens for this service
 * @throws {InputError} `TOKEN_ISSUER_INVALID`, `TOKEN_AUDIENCE_MISSING`
 */
export function tokensOf(issuer = "", audience = ""): TokenIssuer | undefined {
  if (issuer === "" && audience === "") return undefined;
  const address = webAddress(issuer);
  if (!address || (address.protocol !== "https:" && !["127.0.0.1", "localhost", "[::1]"].includes(address.hostname))) {
    const message = `HISTO_OIDC_ISSUER: ${issuer || "nothing"} is not an address such as https://issuer.example.`;
    throw new InputError("TOKEN_ISSUER_INVALID", message);
  }
  if (audience) return { issuer, audience };
  const message =
    "HISTO_OIDC_AUDIENCE is missing; without it every token of the issuer would be accepted, also those for other services.";
  throw new InputError("TOKEN_AUDIENCE_MISSING", message);
}

/** Origins whose pages may call the service. @param setting name of the setting @throws {InputError} `ORIGIN_INVALID` */
export function originsOf(setting: string, text?: string): string[] {
  const origins = listOf(text);
  const wrong = origins.find((origin) => origin !== "*" && webAddress(origin)?.origin !== origin);
  if (wrong === undefined) return origins;
  throw new InputError("ORIGIN_INVALID", `${setting}: ${wrong} is not an origin such as https://a.example, nor *.`);
}

/** Names of hosts, in lower case. @param setting name of the setting @throws {InputError} `ALLOWED_HOST_INVALID` */
export function hostsOf(setting: string, text?: string): string[] {
  const hosts = listOf(text).map((host) => host.toLowerCase());
  const wrong = hosts.find((host) => host !== "*" && !/^[\w-]+(\.[\w-]+)*$/.test(host));
  if (wrong === undefined) return hosts;
  throw new InputError("ALLOWED_HOST_INVALID", `${setting}: ${wrong} is not a name such as a.example, nor *.`);
}

/** A deployment's address without trailing slashes. @throws {InputError} `ENDPOINT_INVALID` */
export function endpointOf(setting: string, text: string): string {
  const address = webAddress(text);
  if (address) return text.replace(/\/+$/, "");
  throw new InputError("ENDPOINT_INVALID", `${setting}: ${text} is not an address such as https://a.example.`);
}

/** Bits that the values of 16-bit images use, 8 to 16; undefined for an empty text. @throws {InputError} `BIT_DEPTH_INVALID` */
export function bitDepthOf(setting: string, text = ""): number | undefined {
  if (text === "") return undefined;
  const bits = parseDecimal(text);
  if (Number.isInteger(bits) && bits >= 8 && bits <= 16) return bits;
  throw new InputError("BIT_DEPTH_INVALID", `${setting}: ${text} is not a whole number from 8 to 16.`);
}

function webAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "http:" || url?.protocol === "https:" ? url : undefined;
}
