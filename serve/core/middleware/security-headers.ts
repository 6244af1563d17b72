/** @module The security headers of all responses. */
import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";

/** Hashes of the style elements of plotly.js (an empty one, filled by script, and that of its mode bar) and OpenSeadragon. */
const LIBRARY_STYLES = [
  "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
  "'sha256-V2sIX92Uh6ZaGSFTKMHghsB85b9toJtmazgG09AI2uk='",
  "'sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE='",
];

/**
 * helmet's headers as plain data, so that Express and Lambda send the same ones.
 * @param connect further origins that the page may call, such as a Lambda endpoint
 */
export function securityHeaders(connect: readonly string[] = []): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const recorder = {
    setHeader(name: string, value: string) {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", ...LIBRARY_STYLES],
        imgSrc: ["'self'", "data:", "blob:"],
        connectSrc: ["'self'", ...connect],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: "deny" },
  })(undefined as unknown as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return { ...headers, "permissions-policy": "camera=(self), microphone=(), geolocation=()" };
}
