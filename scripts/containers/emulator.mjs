// AWS's Runtime Interface Emulator, built from its source.
import { join } from "node:path";
import { once } from "../infrastructure/tools.mjs";
import { cache } from "./engine.mjs";
import { goInstall } from "./stand-ins.mjs";

const MODULE =
  "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d";

/** Builds the emulator if it is missing. @returns {Promise<string>} its path */
export async function emulator() {
  const path = join(cache, "programs", "aws-lambda-rie");
  await once({ name: "runtime-interface-emulator", folder: cache, values: [MODULE], outputs: [path] }, () =>
    goInstall(join(cache, "programs"), MODULE),
  );
  return path;
}
