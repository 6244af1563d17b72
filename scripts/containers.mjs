// Builds the project's images and starts its compose files on this machine, with podman and without a registry:
//   node scripts/containers.mjs engine                  prints the environment for podman as JSON, or what has to be installed (exit 3)
//   node scripts/containers.mjs build server|lambda|mlflow [--tag NAME] [--model DIR]      prints the image's name
//   node scripts/containers.mjs emulator                prints the path of AWS's Runtime Interface Emulator
//   node scripts/containers.mjs compose FILE ARGS...    runs podman-compose with a compose file, its images replaced by stand-ins
// With HISTO_CONTAINER_BASES=registry the images start from the pinned bases of their Dockerfiles instead of the stand-ins.
import { build } from "./containers/build.mjs";
import { compose } from "./containers/compose.mjs";
import { emulator } from "./containers/emulator.mjs";
import { engine } from "./containers/engine.mjs";
import { SetupError } from "./setup/shell.mjs";

const commands = { engine: async () => JSON.stringify(await engine()), build, emulator, compose };

const [command, ...args] = process.argv.slice(2);
const chosen = commands[command];
if (!chosen) {
  console.error(`Usage: node scripts/containers.mjs ${Object.keys(commands).join("|")} ...`);
  process.exit(2);
}
try {
  const result = await chosen(args);
  if (result !== undefined) console.log(result);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error([error.message, error.advice, error.log && `Log: ${error.log}`].filter(Boolean).join("\n"));
  process.exit(3);
}
