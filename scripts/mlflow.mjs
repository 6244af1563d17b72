// `npm run mlflow`: sets up what is missing, then runs the local MLflow server in the foreground (`histo mlflow start`).
import { createRequire } from "node:module";
import { join } from "node:path";
import { setupOrExit } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";

await setupOrExit();
process.argv.splice(2, 0, "mlflow", "start");
createRequire(import.meta.url)(join(root, "bin", "histo.cjs"));
