// Compose files as their users start them, through podman-compose, with the images that can be had on this machine.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { pythonTools } from "../infrastructure/tools.mjs";
import { probe, SetupError } from "../setup/shell.mjs";
import { build } from "./build.mjs";
import { cache, engine, hasImage } from "./engine.mjs";
import { standIn, standInFor } from "./stand-ins.mjs";

const REQUIREMENTS = "scripts/containers/requirements.txt";

/** Runs podman-compose. @returns {Promise<undefined>} once it has ended well */
export async function compose([file, ...args]) {
  if (!file || args.length === 0) throw new SetupError("Give a compose file and a command, such as `up -d`.");
  await engine();
  const bin = await pythonTools("podman-compose", join(cache, "compose"), REQUIREMENTS, "podman-compose");
  const files = ["-f", file, "-f", await replacements(file)];
  const child = spawn(join(bin, "podman-compose"), [...files, ...args], { stdio: "inherit" });
  const ended = new AbortController();
  const checks = checkHealth(ended.signal);
  const status = await new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
  ended.abort();
  await checks;
  if (status !== 0) throw new SetupError(`podman-compose ended with status ${status}.`);
}

/** A second compose file that gives each service an image that is there, so that none is pulled or built. @returns {Promise<string>} its path */
async function replacements(file) {
  const { services } = parse(readFileSync(file, "utf8"));
  const replaced = {};
  for (const [name, service] of Object.entries(services)) {
    const base = service.image && standInFor(service.image);
    if (base) replaced[name] = { image: await standIn(base) };
    else if (service.build) replaced[name] = { image: await built(name) };
  }
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `${basename(dirname(file))}.override.yaml`);
  writeFileSync(path, stringify({ services: replaced }));
  return path;
}

async function built(name) {
  const image = `localhost/histo/${name}:local`;
  return (await hasImage(image)) ? image : build([name]);
}

/** podman leaves health checks to systemd's timers; without systemd they are run here as long as a start waits for them. */
async function checkHealth(signal) {
  while (!signal.aborted) {
    const names = (await probe("podman", "ps", "--filter", "health=starting", "--format", "{{.Names}}")) ?? "";
    await Promise.all(
      names
        .split("\n")
        .filter(Boolean)
        .map((name) => probe("podman", "healthcheck", "run", name)),
    );
    await setTimeout(1000, undefined, { signal }).catch(() => undefined);
  }
}
