/** @module A reverse proxy in front of a server under test: it can be away, cut connections, ask for a password, use TLS. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { sharedDirectory } from "./temporary-directory";

interface GatewayOptions {
  /** Requests without this `Authorization` header are answered with 401. */
  readonly authorization?: string;
  /** Key and certificate in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** An answer that does not come from the server. */
export interface OwnAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Gateway {
  /** Requests that reached the server, as `POST /path`. */
  readonly requests: string[] = [];
  /** Cuts the connection of an upload after this many bytes, once. */
  cutUploadAfter: number | undefined;
  /** Answers of the server to these requests are lost, once each: the client sees a broken connection. */
  readonly loseAnswersTo: string[] = [];
  /** Answers requests itself where it returns something; `"silence"` takes a request and never answers. */
  instead: (name: string, bytes: number) => OwnAnswer | "silence" | undefined = () => undefined;
  private readonly sockets = new Set<Socket>();
  private server: http.Server | https.Server | undefined;
  private port = 0;

  constructor(
    private readonly target: string,
    private readonly options: GatewayOptions = {},
  ) {}

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** Begins to listen; the port stays the same over restarts. */
  async open(): Promise<this> {
    const handler = (request: http.IncomingMessage, response: http.ServerResponse) => this.pass(request, response);
    const server = this.options.tls ? https.createServer(this.options.tls, handler) : http.createServer(handler);
    server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => undefined);
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(this.port, "127.0.0.1", done));
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Stops listening and cuts all connections. */
  async close(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server) await new Promise<void>((done) => server.close(() => done()));
  }

  private pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { authorization } = this.options;
    if (authorization && request.headers.authorization !== authorization) {
      request.resume();
      response.writeHead(401, { "content-type": "text/plain" }).end("Unauthorized");
      return;
    }
    const name = `${request.method} ${request.url?.split("?")[0]}`;
    const own = this.instead(name, Number(request.headers["content-length"] ?? 0));
    if (own) {
      request.resume();
      if (own !== "silence") {
        response.writeHead(own.status, { "content-type": "text/html", ...own.headers }).end(own.body ?? "");
      }
      return;
    }
    this.requests.push(name);
    const { host: _, ...headers } = request.headers;
    const onward = http.request(
      new URL(request.url ?? "/", this.target),
      { method: request.method, headers },
      (answer) => {
        const lost = this.loseAnswersTo.findIndex((wanted) => name.endsWith(wanted));
        if (lost >= 0) {
          this.loseAnswersTo.splice(lost, 1);
          answer.resume();
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => request.socket.destroy());
    let passed = 0;
    request.on("data", (part: Buffer) => {
      passed += part.length;
      if (request.method !== "PUT" || this.cutUploadAfter === undefined || passed < this.cutUploadAfter) return;
      this.cutUploadAfter = undefined;
      onward.destroy();
      request.socket.destroy();
    });
    request.on("error", () => onward.destroy());
    request.pipe(onward);
  }
}

/**
 * A key and a certificate that is its own authority, made by openssl; undefined where openssl is missing.
 * @param name whom it is for, such as `DNS:database`
 */
export function selfSignedCertificate(name = "IP:127.0.0.1"): { key: string; cert: string } | undefined {
  const directory = sharedDirectory();
  try {
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=test", "-addext", `subjectAltName=${name}`];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "2", ...subject], {
      stdio: "ignore",
    });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch {
    return undefined;
  }
}
