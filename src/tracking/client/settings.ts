/** @module Settings of the connection to an MLflow server, from the same variables as for Python's client. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { credentialsOf, withoutPassword } from "../../format/index";
import { TrackingInputError } from "./errors";

export const DEFAULT_TRACKING_URI = "http://127.0.0.1:5000";

export interface ConnectionSettings {
  /** Base address without credentials and without a trailing slash. */
  readonly trackingUri: string;
  /** Value of the `Authorization` header. */
  readonly authorization?: string;
  /** False accepts any certificate (`MLFLOW_TRACKING_INSECURE_TLS`). */
  readonly verifyTls: boolean;
  /** Extra certificate authorities, PEM (`MLFLOW_TRACKING_SERVER_CERT_PATH`). */
  readonly certificateAuthority?: string;
  /** Client certificate and key in one PEM (`MLFLOW_TRACKING_CLIENT_CERT_PATH`). */
  readonly clientCertificate?: string;
  /** How long a server may stay silent within one request, in milliseconds. */
  readonly timeoutMs: number;
  /** Retries after a transient failure. */
  readonly maxRetries: number;
  /** Smallest file in bytes for a multipart upload to the object store, if the server supports that. */
  readonly multipartMinimumBytes: number;
  /** Size of a part in bytes; S3 requires at least 5 MiB. */
  readonly multipartPartBytes: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings from the environment: `MLFLOW_TRACKING_URI`, `MLFLOW_TRACKING_TOKEN` or `MLFLOW_TRACKING_USERNAME` and
 * `MLFLOW_TRACKING_PASSWORD` (also from `~/.mlflow/credentials` or the address itself), `MLFLOW_TRACKING_INSECURE_TLS`,
 * `MLFLOW_TRACKING_SERVER_CERT_PATH`, `MLFLOW_TRACKING_CLIENT_CERT_PATH`, `MLFLOW_HTTP_REQUEST_TIMEOUT` (seconds),
 * `MLFLOW_HTTP_REQUEST_MAX_RETRIES`, `MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE` and `MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE`.
 * @param trackingUri replaces `MLFLOW_TRACKING_URI`
 * @throws {TrackingInputError} if a variable has an unusable value
 */
export function connectionSettings(trackingUri?: string, env: Environment = process.env): ConnectionSettings {
  const url = parseTrackingUri(trackingUri || env.MLFLOW_TRACKING_URI || DEFAULT_TRACKING_URI);
  const authorization = authorizationOf(url, env);
  url.username = "";
  url.password = "";
  const certificateAuthority = readPem(env, "MLFLOW_TRACKING_SERVER_CERT_PATH");
  const clientCertificate = readPem(env, "MLFLOW_TRACKING_CLIENT_CERT_PATH");
  return {
    trackingUri: url.href.replace(/\/+$/, ""),
    ...(authorization === undefined ? {} : { authorization }),
    verifyTls: !/^(true|1)$/i.test(env.MLFLOW_TRACKING_INSECURE_TLS ?? ""),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    timeoutMs: 1000 * readNumber(env, "MLFLOW_HTTP_REQUEST_TIMEOUT", 120),
    maxRetries: readNumber(env, "MLFLOW_HTTP_REQUEST_MAX_RETRIES", 5),
    multipartMinimumBytes: readNumber(env, "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", 64 * 2 ** 20),
    multipartPartBytes: Math.max(5 * 2 ** 20, readNumber(env, "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", 32 * 2 ** 20)),
  };
}

function parseTrackingUri(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  const message = `MLFLOW_TRACKING_URI must be the http(s) address of an MLflow server, not "${withoutPassword(text)}"; \`npm run mlflow\` starts one.`;
  throw new TrackingInputError("TRACKING_URI_UNSUPPORTED", message);
}

function authorizationOf(url: URL, env: Environment): string | undefined {
  const basic = (name: string, password: string) =>
    `Basic ${Buffer.from(`${name}:${password}`, "utf8").toString("base64")}`;
  if (url.username) {
    const fail = (message: string) => new TrackingInputError("TRACKING_URI_UNSUPPORTED", message);
    const { username, password } = credentialsOf(url, "MLFLOW_TRACKING_URI", fail);
    return basic(username, password);
  }
  const file = readCredentialsFile();
  const name = env.MLFLOW_TRACKING_USERNAME || file.mlflow_tracking_username;
  const password = env.MLFLOW_TRACKING_PASSWORD || file.mlflow_tracking_password;
  if (name && password) return basic(name, password);
  return env.MLFLOW_TRACKING_TOKEN ? `Bearer ${env.MLFLOW_TRACKING_TOKEN}` : undefined;
}

/** The `[mlflow]` section of `~/.mlflow/credentials`. */
function readCredentialsFile(): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(join(homedir(), ".mlflow", "credentials"), "utf8");
  } catch {
    return {};
  }
  const lines = text.matchAll(/^\s*(mlflow_tracking_\w+)\s*[=:]\s*(.*?)\s*$/gm);
  return Object.fromEntries([...lines].map(([, key = "", value = ""]) => [key, value]));
}

function readPem(env: Environment, variable: string): string | undefined {
  const path = env[variable];
  if (!path) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new TrackingInputError("TRACKING_CERTIFICATE_UNREADABLE", `${variable} names ${path}, which cannot be read.`);
  }
}

function readNumber(env: Environment, variable: string, otherwise: number): number {
  const text = env[variable];
  if (!text) return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TrackingInputError("TRACKING_SETTING_INVALID", `${variable} must be a number, not "${text}".`);
}
