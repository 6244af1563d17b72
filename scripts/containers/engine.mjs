// The container engine of this machine: podman with buildah, run as root without a daemon. Containers are limited in processor
// time only, and builds get no namespaces, so that this also works inside virtual machines and containers.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cache as toolsCache } from "../infrastructure/tools.mjs";
import { probe, run, SetupError } from "../setup/shell.mjs";

export const cache = join(toolsCache, "containers");

/** Debian's packages, each named like its program. */
const PACKAGES = ["podman", "buildah", "runc", "debootstrap", "netavark", "aardvark-dns", "iptables", "catatonit"];
/** Where podman has programs that are not on the PATH. */
const PODMAN_FOLDERS = ["/usr/lib/podman", "/usr/libexec/podman"];

/**
 * An OCI runtime that runs runc without settings that fail on some machines: limits above the machine's own, and cgroup
 * limits other than processor time where versions 1 and 2 are both mounted.
 */
const RUNTIME = `#!${process.execPath}
const { readFileSync, writeFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const args = process.argv.slice(2);
const after = (...names) => args[args.findIndex((arg) => names.includes(arg)) + 1];
const change = (path, edit) => {
  const value = JSON.parse(readFileSync(path, "utf8"));
  edit(value);
  writeFileSync(path, JSON.stringify(value));
};
if (args.includes("create"))
  change(after("--bundle", "-b") + "/config.json", (config) => {
    delete config.process.rlimits;
    const cpu = config.linux.resources?.cpu;
    config.linux.resources = cpu && { cpu };
  });
if (args.includes("exec")) change(after("--process", "-p"), (process) => delete process.rlimits);
process.exit(spawnSync("runc", args, { stdio: "inherit" }).status ?? 1);
`;

/**
 * Checks for the engine and writes its settings for all programs that this process starts from now on.
 * @returns {Promise<Record<string, string>>} the environment for `podman` and `buildah`
 * @throws {SetupError} if a program is missing, with the command that installs it
 */
export async function engine() {
  if (process.platform !== "linux" || process.getuid() !== 0) {
    throw new SetupError("Containers are built and run on Linux as root only.", "Run as root on Linux.");
  }
  const missing = PACKAGES.filter((name) => !isInstalled(name));
  if (missing.length > 0)
    throw new SetupError(`Missing: ${missing.join(", ")}.`, `Run: apt-get install --yes ${missing.join(" ")}`);
  if (!isInstalled("go"))
    throw new SetupError("Missing: Go, which builds MinIO and AWS's emulator.", "Install Go 1.26.6 or newer.");
  const folder = join(cache, "engine");
  mkdirSync(folder, { recursive: true });
  const runtime = join(folder, "runc");
  writeFileSync(runtime, RUNTIME, { mode: 0o755 });
  const settings = join(folder, "containers.conf");
  writeFileSync(
    settings,
    `[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
runc = ["${runtime}"]
`,
  );
  process.env.CONTAINERS_CONF = settings;
  return { CONTAINERS_CONF: settings };
}

function isInstalled(program) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...PODMAN_FOLDERS];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** True if the image exists. */
export async function hasImage(name) {
  return (await probe("podman", "image", "exists", name)) !== undefined;
}

/**
 * Builds an image without a daemon.
 * @param {{ name: string, dockerfile: string, context: string, target?: string, ignore?: string,
 *   contexts?: Record<string, string> }} image paths are absolute or relative to the project
 */
export async function buildImage({ name, dockerfile, context, target, ignore, contexts = {} }) {
  const args = ["bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers", "--format", "docker"];
  if (target) args.push("--target", target);
  if (ignore) args.push("--ignorefile", ignore);
  for (const [key, folder] of Object.entries(contexts)) args.push("--build-context", `${key}=${folder}`);
  await run("containers", "buildah", [...args, ...trust(), "--tag", name, "--file", dockerfile, context]);
}

const BUNDLE = "/usr/local/share/trusted.crt";
/** Tells programs in RUN lines where this machine's certificates are, if it trusts others than Debian does. */
const settings = process.env.SSL_CERT_FILE
  ? Object.fromEntries(
      ["NODE_EXTRA_CA_CERTS", "NPM_CONFIG_CAFILE", "SSL_CERT_FILE", "PIP_CERT"].map((name) => [name, BUNDLE]),
    )
  : {};

/** Instructions for each stage that pass the settings to its RUN lines without storing them in the image. */
export const trustInstructions = Object.keys(settings)
  .map((name) => `ARG ${name}\n`)
  .join("");

/** Options that let RUN lines reach the package registries like this machine: certificates and apt's sources. */
function trust() {
  const mounts = ["--volume", "/etc/apt:/etc/apt:O"];
  if (process.env.SSL_CERT_FILE) mounts.push("--volume", `${process.env.SSL_CERT_FILE}:${BUNDLE}:ro`);
  return [...mounts, ...Object.entries(settings).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`])];
}
