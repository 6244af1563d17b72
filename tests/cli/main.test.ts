import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { addCommand } from "../../src/cli/command";
import { projectVersion } from "../../src/files/index";
import { histo } from "../support/histo";

test("the command line tells its version", () => {
  const { status, stdout } = histo("--version");
  assert.equal(status, 0);
  assert.equal(stdout.trim(), projectVersion());
  assert.match(projectVersion(), /^\d+\.\d+\.\d+$/);
});

test("work that Node's own functions end on Ctrl-C ends the command with 130", async (context) => {
  const said: string[] = [];
  context.mock.method(process.stderr, "write", (text: string) => said.push(text) > 0);
  const { exitCode } = process;
  context.after(() => {
    process.exitCode = exitCode;
  });
  const others = process.listeners("SIGINT");
  const press = () => process.listeners("SIGINT").find((one) => !others.includes(one))?.("SIGINT");
  const command = new Command("wait");
  await addCommand(command, {
    run(_, { signal }) {
      setTimeout(press, 10);
      return sleep(20_000, undefined, { signal });
    },
  });
  await command.parseAsync([], { from: "user" });
  assert.equal(process.exitCode, 130);
  assert.deepEqual(said, ["histo: Stopped; the work done so far is kept.\n"]);
});
