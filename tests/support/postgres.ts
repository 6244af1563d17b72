/** @module A real PostgreSQL of this machine, in a temporary folder. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../src/tracking/index";
import { sharedDirectory } from "./temporary-directory";

export interface Postgres {
  readonly port: number;
  stop(): void;
}

/** Folder of `initdb` and `pg_ctl`; undefined where PostgreSQL is not installed. */
export function postgresPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, "bin")), ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")));
}

/** Starts a server with one user and one database of the name `mlflow`. PostgreSQL refuses root: then as nobody. */
export async function startPostgres(password: string): Promise<Postgres> {
  const programs = postgresPrograms();
  if (!programs) throw new Error("PostgreSQL is not installed.");
  const directory = sharedDirectory();
  chmodSync(directory, 0o755);
  const home = join(directory, "home");
  mkdirSync(home);
  const passwordFile = join(home, "password");
  writeFileSync(passwordFile, password);
  const root = process.getuid?.() === 0;
  if (root) {
    const nobody = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
    for (const path of [home, passwordFile]) chownSync(path, nobody, nobody);
  }
  const run = (program: string, ...rest: readonly string[]) => {
    const command = [join(programs, program), ...rest];
    const [file, ...args] = root ? ["runuser", "-u", "nobody", "--", ...command] : command;
    execFileSync(file as string, args, { cwd: home, stdio: "ignore", env: { ...process.env, PGPASSWORD: password } });
  };
  const port = await freePort();
  const data = join(home, "data");
  run("initdb", "-D", data, "-A", "scram-sha-256", "-U", "mlflow", `--pwfile=${passwordFile}`, "-E", "UTF8");
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${home}`;
  run("pg_ctl", "-D", data, "-o", options, "-l", join(home, "log"), "-w", "start");
  const stop = () => {
    run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop");
  };
  try {
    run("createdb", "-h", "127.0.0.1", "-p", String(port), "-U", "mlflow", "mlflow");
  } catch (error) {
    stop();
    throw error;
  }
  return { port, stop };
}
