/** @module The settings of the local server (`mlruns-config/local/mlflow.env`) and free ports for it. */
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { hasErrorCode } from "../../errors/index";
import { projectRoot } from "../../files/index";

/** Without the file, MLflow's defaults apply. */
export interface LocalServerSettings {
  readonly MLFLOW_HOST: string;
  readonly MLFLOW_PORT: string;
  readonly MLFLOW_BACKEND_STORE_URI?: string;
}

/** Reads the settings file. Its relative paths start at the server's directory. */
export function localServerSettings(): LocalServerSettings {
  const path = join(projectRoot(), "mlruns-config", "local", "mlflow.env");
  const lines = existsSync(path) ? readFileSync(path, "utf8").matchAll(/^([A-Z0-9_]+)=(.*)$/gm) : [];
  const settings = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value.trim()]));
  return { MLFLOW_HOST: "127.0.0.1", MLFLOW_PORT: "5000", ...settings };
}

/** A free TCP port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  return (await listenOnce("127.0.0.1", 0)).port;
}

/** True if another server listens on the port. */
export function isTaken(host: string, port: number): Promise<boolean> {
  return listenOnce(host, port).then(
    () => false,
    (error: unknown) => hasErrorCode(error, "EADDRINUSE"),
  );
}

function listenOnce(host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolved, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, host, () => {
      const address = probe.address() as AddressInfo;
      probe.close(() => resolved(address));
    });
  });
}
