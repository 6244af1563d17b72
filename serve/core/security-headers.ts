/** @module The security headers of every answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";

/**
 * helmet's headers as plain data, so that answers are the same from Express and from Lambda.
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
        styleSrc: ["'self'"],
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
