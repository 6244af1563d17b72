/** @module Machines of the servers: the scripts that run there, with `aws` and `docker` in their place, on a volume that they share. */
import { execFile } from "node:child_process";
import { appendFile, chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../src/files/index";

/** A volume and a bucket of releases. */
interface Place {
  readonly volume: string;
  readonly bucket: string;
}

/** Makes the volume, and releases of these names in the bucket. */
export async function makePlace(folder: string, releases: readonly string[]): Promise<Place> {
  const [volume, bucket] = [join(folder, "volume"), join(folder, "bucket")];
  await mkdir(volume, { recursive: true });
  for (const name of releases) {
    await mkdir(join(bucket, name), { recursive: true });
    await writeFile(join(bucket, name, "model.json"), name);
  }
  return { volume, bucket };
}

/** What `docker` does on the machine: it holds a server, which runs an image and has loaded a model, unless it refuses the two. */
const DOCKER = `#!/bin/sh
takes() {
  ! grep -qxF "$1 $2" refused && echo "$2" >model
}
image() {
  sed -n 's/^HISTO_SERVER_IMAGE=//p' current.env
}
echo "$*" >>calls
case "$*" in
  "image inspect "*) grep -qxF "$3" pulled ;;
  "pull --quiet "*) echo "$3" >>pulled ;;
  "ps --quiet "*) [ ! -s running ] || echo server ;;
  "ps --all "*) [ ! -e running ] || echo server ;;
  "rm --force "*) rm -f running model ;;
  "compose "*" up "*) : >running && takes "$(image)" "$(readlink "$VOLUME/current")" && image >running ;;
  "kill "*) takes "$(cat running)" "$(readlink "$VOLUME/current")" || true ;;
  "exec "*) [ "$(cat model)" = "$(readlink "$VOLUME/current")" ] ;;
esac
`;

/** One machine. */
export class ServerMachine {
  private constructor(
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async make(folder: string, { volume, bucket }: Place): Promise<ServerMachine> {
    const bin = join(folder, "bin");
    await mkdir(bin, { recursive: true });
    for (const script of ["deploy.sh", "model.sh"]) {
      await copyFile(join(projectRoot(), "serve", "ec2", script), join(folder, script));
    }
    await writeFile(join(folder, "host.env"), `HISTO_RELEASES=${bucket}\nHISTO_MODEL_VOLUME=${volume}\n`);
    for (const name of ["refused", "pulled", "calls"]) await writeFile(join(folder, name), "");
    const copy = '#!/bin/sh\nmkdir -p "$6" && cp "$5"* "$6"\n';
    for (const [name, text] of [
      ["aws", copy],
      ["docker", DOCKER],
    ] as const) {
      await writeFile(join(bin, name), text);
      await chmod(join(bin, name), 0o755);
    }
    return new ServerMachine(folder, { PATH: `${bin}:${process.env.PATH}`, VOLUME: volume });
  }

  /** Runs a script as SSM does. */
  async run(script: "deploy.sh" | "model.sh", argument: string): Promise<{ ok: boolean; output: string }> {
    const options = { cwd: this.folder, env: this.environment };
    const outcome = promisify(execFile)("sh", [join(this.folder, script), argument], options);
    return outcome.then(
      ({ stdout, stderr }) => ({ ok: true, output: stdout + stderr }),
      ({ stdout, stderr }) => ({ ok: false, output: stdout + stderr }),
    );
  }

  /** From now on the image does not get ready with a model. */
  refuse(image: string, model: string): Promise<void> {
    return appendFile(join(this.folder, "refused"), `${image} releases/${model}\n`);
  }

  /** The running image and the model that it has loaded; empty without a server that is ready. */
  async serves(): Promise<string> {
    const read = async (name: string) => (await readFile(join(this.folder, name), "utf8").catch(() => "")).trim();
    return `${await read("running")} ${(await read("model")).replace("releases/", "")}`.trim();
  }

  /** What docker was asked so far. */
  async calls(): Promise<string[]> {
    return (await readFile(join(this.folder, "calls"), "utf8")).trim().split("\n");
  }
}
