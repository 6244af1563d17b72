// Starts compose files through podman-compose, with the images that this machine can build. This script also checks the
// health of services, which podman leaves to systemd, and does what podman-compose therefore leaves out.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { pythonTools } from "../infrastructure/tools.mjs";
import { probe, SetupError } from "../setup/shell.mjs";
import { build, imageOf } from "./build.mjs";
import { cache, engine } from "./engine.mjs";
import { standIn, standInFor } from "./stand-ins.mjs";

const REQUIREMENTS = "scripts/containers/requirements.txt";
/** Seconds that a service may take to become healthy or to end. */
const PATIENCE = 180;

/**
 * Runs podman-compose with a compose file. `up` starts the services one after the other, each when its dependencies are
 * ready, and ends when all are healthy.
 */
export async function compose([file, command, ...args]) {
  if (!file || !command) throw new SetupError("Give a compose file and a command, such as `up`.");
  await engine();
  // podman-compose does not put the values of .env into env files, as docker compose does.
  const settings = join(dirname(file), ".env");
  if (existsSync(settings)) process.loadEnvFile(settings);
  const bin = await pythonTools("podman-compose", join(cache, "compose"), REQUIREMENTS, "podman-compose");
  const { name: project, services } = parse(readFileSync(file, "utf8"));
  const program = [join(bin, "podman-compose"), "-f", file, "-f", await replacements(file, services, command)];
  if (command !== "up") return spawned(...program, command, ...args);
  for (const service of ordered(services)) {
    await spawned(...program, "up", "--detach", "--no-build", "--no-deps", service);
    const ends = Object.values(services).some(
      ({ depends_on }) => depends_on?.[service]?.condition === "service_completed_successfully",
    );
    await settled(`${project}_${service}_1`, ends);
  }
}

/** Service names, each after those it depends on. */
function ordered(services) {
  const names = [];
  const visit = (name) => {
    if (names.includes(name)) return;
    for (const before of Object.keys(services[name].depends_on ?? {})) visit(before);
    names.push(name);
  };
  for (const name of Object.keys(services)) visit(name);
  return names;
}

/** Writes a second compose file that gives each service a local image, so that podman-compose pulls and builds none. */
async function replacements(file, services, command) {
  const replaced = {};
  for (const [name, service] of Object.entries(services)) {
    const base = service.image && standInFor(service.image);
    replaced[name] = {
      ...(base ? { image: await standIn(base) } : service.build ? { image: await built(name, command) } : {}),
      ...(service.depends_on ? { depends_on: "RESET" } : {}),
      ...(typeof service.command === "string" ? { command: wordsOf(service.command) } : {}),
      // Docker's own log driver.
      ...(service.logging?.driver === "local" ? { logging: { driver: "k8s-file" } } : {}),
    };
  }
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `${basename(dirname(file))}.override.yaml`);
  const text = stringify({ services: replaced });
  writeFileSync(path, text.replaceAll("RESET", "!reset {}"));
  return path;
}

/** The words of a command. podman-compose splits before it replaces variables, which leaves empty words. */
function wordsOf(command) {
  const text = command.replace(
    /\$\{(\w+)(?::-([^}]*))?\}/g,
    (_, name, otherwise = "") => process.env[name] || otherwise,
  );
  return text.trim().split(/\s+/);
}

/** The image of a service, made of the present sources when it starts. */
async function built(name, command) {
  return command === "up" ? build([name]) : imageOf(name);
}

/** Waits until a container is healthy or, with `ends`, has ended with status 0. */
async function settled(container, ends) {
  for (let waited = 0; waited < PATIENCE; waited++) {
    const format = "{{.State.Status}} {{.State.ExitCode}} {{if .Config.Healthcheck}}checked{{end}}";
    const [status, code, checked] = ((await probe("podman", "inspect", "--format", format, container)) ?? "").split(
      " ",
    );
    if (status === "exited" && (!ends || code !== "0")) throw new SetupError(`${container} ended with status ${code}.`);
    if (ends ? status === "exited" : status === "running" && (!checked || (await isHealthy(container)))) return;
    await setTimeout(1000);
  }
  throw new SetupError(`${container} was not ready after ${PATIENCE} s.`, `See: podman logs ${container}`);
}

async function isHealthy(container) {
  return (await probe("podman", "healthcheck", "run", container)) !== undefined;
}

async function spawned(program, ...args) {
  const child = spawn(program, args, { stdio: "inherit" });
  const status = await new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
  if (status !== 0) throw new SetupError(`podman-compose ended with status ${status}.`);
}
