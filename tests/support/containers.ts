/** @module The project's images in containers: the server, and the Lambda function behind both stand-ins for Lambda. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { promisify } from "node:util";
import { LocalLambda } from "../../src/deployment/index";
import { eventOf, type FunctionResult, writeResult } from "../../src/deployment/local-lambda";
import { projectRoot } from "../../src/files/index";
import type { Content, Deployment } from "../serve/contract/client";

const SCRIPT = ["scripts/containers.mjs"];
/** Read-only, as the user of the image, with nothing that the kernel allows beyond that. */
const CONFINED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges"];

/** Bytes of JSON that Lambda takes. */
const LARGEST_EVENT = 6 * 2 ** 20;

/** What is missing for containers on this machine, in one line; undefined where they can be run. */
export function missingForContainers(): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, [...SCRIPT, "engine"], {
    cwd: projectRoot(),
    encoding: "utf8",
  });
  return status === 0 ? undefined : stderr.trim().replaceAll("\n", " ");
}

/** Runs a command of scripts/containers.mjs. @returns what it prints */
export async function containers(...args: string[]): Promise<string> {
  const options = { cwd: projectRoot(), maxBuffer: 1e8 };
  const { stdout } = await promisify(execFile)(process.execPath, [...SCRIPT, ...args], options);
  return stdout.trim();
}

let environment: Promise<NodeJS.ProcessEnv> | undefined;

/** The environment in which podman works. */
export function podmanEnvironment(): Promise<NodeJS.ProcessEnv> {
  environment ??= containers("engine").then((json) => ({ ...process.env, ...JSON.parse(json) }));
  return environment;
}

/** Runs podman. @returns what it prints */
export async function podman(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("podman", args, { env: await podmanEnvironment() });
  return stdout.trim();
}

/** The last lines that a container has written to standard output and error. */
export async function logOf(name: string): Promise<string> {
  const options = { env: await podmanEnvironment() };
  const { stdout, stderr } = await promisify(execFile)("podman", ["logs", "--tail", "30", name], options);
  return `${stdout}${stderr}`.trim();
}

let serial = 0;
const newName = () => `histo-test-${process.pid}-${serial++}`;

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}

const readable = (paths: readonly string[]) => paths.flatMap((path) => ["--volume", `${path}:${path}:ro`]);

/** Starts the server's image as its compose file does, on the machine's network. @param more options of podman and of the server */
export async function startServerContainer(
  image: string,
  { models, images, apiKeys = [] }: Content,
  more: { readonly engine?: readonly string[]; readonly serve?: readonly string[] } = {},
): Promise<Deployment & { readonly name: string }> {
  const [name, port] = [newName(), await freePort()];
  const options = models.flatMap((model) => ["--model", model]);
  await podman(
    // Kept when it ends by itself, so that its log can be read.
    ...["run", "--detach", "--name", name, "--network", "host", ...CONFINED, ...readable([...models, images])],
    ...["--env", `HISTO_API_KEYS=${apiKeys.join(",")}`, ...(more.engine ?? [])],
    ...[image, "serve", ...options, "--images", images, "--host", "127.0.0.1", "--port", String(port)],
    ...(more.serve ?? []),
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/readyz`, name);
  return { name, url, close: () => remove(name) };
}

/** Starts the function's image behind the project's own gateway. @returns with the seconds until it took events, the engine's included */
export async function startFunctionContainer(
  image: string,
  content: Content,
): Promise<Deployment & { readonly initSeconds: number }> {
  const name = newName();
  const env = await podmanEnvironment();
  const lambda = await LocalLambda.start({
    environment: { CONTAINERS_CONF: env.CONTAINERS_CONF ?? "" },
    command: (api) => ["podman", ...functionArguments(name, content, [`AWS_LAMBDA_RUNTIME_API=${api}`]), image],
  });
  const initSeconds = await lambda.initialized;
  return {
    url: lambda.url,
    initSeconds,
    async close() {
      await remove(name);
      await lambda.close();
    },
  };
}

/** Starts the function's image under AWS's Runtime Interface Emulator, with HTTP requests made events before it. */
export async function startEmulatedFunction(image: string, content: Content): Promise<Deployment> {
  const [name, port, runtimePort] = [newName(), await freePort(), await freePort()];
  const emulator = await containers("emulator");
  const child = spawn(
    "podman",
    [
      ...functionArguments(name, content, ["AWS_LAMBDA_FUNCTION_TIMEOUT=29"]),
      ...["--volume", `${emulator}:/emulator:ro`, "--entrypoint", "/emulator", image],
      ...["--runtime-interface-emulator-address", `127.0.0.1:${port}`],
      ...["--runtime-api-address", `127.0.0.1:${runtimePort}`, "--log-level", "error"],
      ...["/var/lang/bin/node", "/var/task/dist/serve/lambda/bootstrap.js"],
    ],
    { env: await podmanEnvironment(), stdio: ["ignore", "ignore", "inherit"] },
  );
  const function_ = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
  // The emulator is one execution environment: it takes one event at a time.
  let before: Promise<unknown> = Promise.resolve();
  const gateway = createServer(async (request, response) => {
    const event = JSON.stringify(await eventOf(request));
    if (Buffer.byteLength(event) > LARGEST_EVENT) return void response.writeHead(413).end();
    const answer = before.then(async () => (await fetch(function_, { method: "POST", body: event })).json());
    before = answer.catch(() => undefined);
    const result = (await answer.catch((error) => ({ errorMessage: String(error) }))) as Partial<FunctionResult>;
    if (result.statusCode !== undefined) writeResult(response, result as FunctionResult);
    else response.writeHead(502).end(JSON.stringify(result));
  }).listen(0, "127.0.0.1");
  await once(gateway, "listening");
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  await ready(`${url}/readyz`, name);
  return {
    url,
    refusesLargeEvents: true,
    async close() {
      await remove(name);
      if (child.exitCode === null) await once(child, "exit");
      gateway.closeAllConnections();
      gateway.close();
    },
  };
}

function functionArguments(name: string, { models, images, apiKeys = [] }: Content, more: readonly string[]): string[] {
  const settings = [
    `HISTO_MODEL=${models.join(",")}`,
    `HISTO_IMAGE_SOURCE=${images}`,
    `HISTO_API_KEYS=${apiKeys.join(",")}`,
    "HISTO_LOG_LEVEL=silent",
    ...more,
  ];
  const env = settings.flatMap((setting) => ["--env", setting]);
  return ["run", "--rm", "--name", name, "--network", "host", ...CONFINED, ...env, ...readable([...models, images])];
}

/** Ends a container at once and removes it with its unnamed volumes. */
export async function remove(name: string): Promise<void> {
  await podman("rm", "--force", "--volumes", "--time", "0", "--ignore", name);
}

/** Waits until an address answers well. @throws with the container's last lines after a minute; the container is removed */
async function ready(url: string, name: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const log = await logOf(name).catch(String);
  await remove(name);
  throw new Error(`${name} did not get ready: ${log}`);
}
