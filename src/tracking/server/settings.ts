/** @module The settings of the local server: the variables for `mlflow server` in `mlruns-config/local/mlflow.env`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
