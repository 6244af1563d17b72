// Builds the project's images and starts its compose files on this machine, with podman and without a registry:
//   node scripts/containers.mjs engine                  prints the environment for podman as JSON, or what is missing (exit 3)
//   node scripts/containers.mjs build server|tools|lambda|mlflow [--tag NAME] [--model DIR] [--context DIR]   prints the image's name
//   node scripts/containers.mjs base REFERENCE          builds the stand-in for an image such as postgres:16 and prints its name
//   node scripts/containers.mjs emulator                prints the path of AWS's Runtime Interface Emulator
//   node scripts/containers.mjs compose FILE ARGS...    runs podman-compose with a compose file, its images replaced by stand-ins
// With HISTO_CONTAINER_BASES=registry, images start from the pinned bases of their Dockerfiles instead of the stand-ins.
import { build } from "./containers/build.mjs";
import { compose } from "./containers/compose.mjs";
import { emulator } from "./containers/emulator.mjs";
import { engine } from "./containers/engine.mjs";
import { standIn, standInFor } from "./containers/stand-ins.mjs";
import { orExit } from "./setup/shell.mjs";

const commands = {
  engine: async () => JSON.stringify(await engine()),
  build,
  base: ([reference]) => engine().then(() => standIn(standInFor(reference))),
  emulator,
  compose,
};

const [command, ...args] = process.argv.slice(2);
const chosen = commands[command];
if (!chosen) {
  console.error(`Usage: node scripts/containers.mjs ${Object.keys(commands).join("|")} ...`);
  process.exit(2);
}
const result = await orExit(3, () => chosen(args));
if (result !== undefined) console.log(result);
