/** @module Entry of `cdk`: reads the settings (`-c settings=FILE`, else settings.json) and builds the stacks. */
import { App } from "aws-cdk-lib";
import { readSettings } from "../../../src/deployment/settings";
import { messageOf } from "../../../src/errors/index";
import { addStacks } from "./application";

async function main(): Promise<void> {
  const app = new App();
  addStacks(app, await readSettings(app.node.tryGetContext("settings") ?? "settings.json"));
  app.synth();
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
