/** @module What docs/tracking.md shows does run. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as ts from "typescript";
import { createProgram } from "../../../src/cli/main";
import { projectRoot } from "../../../src/files/index";
import type { MlflowFixture } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

export function documentationCases(mlflow: () => MlflowFixture): void {
  describe("docs/tracking.md", () => {
    const text = () => readFile(join(projectRoot(), "docs", "tracking.md"), "utf8");

    test("its programs run", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      await mkdir(join(directory, "runs", "first", "best"), { recursive: true });
      await writeFile(join(directory, "runs", "first", "best", "weights.safetensors"), "weights");
      const programs = [...(await text()).matchAll(/```ts\n(.*?)```/gs)].map(([, program = ""]) => program);
      assert.equal(programs.length, 2);
      for (const program of programs) {
        const options = { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } };
        const [head = "", body = ""] = program.split(/(?<=from "[^"]+";\n)/);
        const source = `${head}(async () => {${body}})();`.replace("./src", join(projectRoot(), "dist", "src"));
        const { outputText } = ts.transpileModule(source, options);
        const child = spawn(process.execPath, ["-e", outputText], {
          cwd: directory,
          env: { ...process.env, MLFLOW_TRACKING_URI: server.url },
          stdio: ["ignore", "ignore", "pipe"],
        });
        let errors = "";
        child.stderr.setEncoding("utf8").on("data", (part: string) => {
          errors += part;
        });
        assert.equal(await new Promise((done) => child.on("close", done)), 0, errors);
        assert.equal(errors, "");
      }
      const { experiment_id } = await client.getExperimentByName("histology");
      const { runs } = await client.searchRuns([experiment_id]);
      assert.deepEqual(
        runs.map(({ info, data }) => [info.run_name, info.status, data.metrics.length]),
        [["first", "FINISHED", 2]],
      );
    });

    test("its commands and options exist", async () => {
      const commands = [...(await text()).matchAll(/npx histo ([^\n`#]+)/g)].map(([, line = ""]) => line.trim());
      assert.ok(commands.length >= 5);
      const program = await createProgram();
      for (const line of commands) {
        const [first, second] = line.split(" ");
        const command = program.commands.find((candidate) => candidate.name() === first);
        assert.ok(command, line);
        const leaf = command.commands.find((candidate) => candidate.name() === second) ?? command;
        for (const [option] of line.matchAll(/--[a-z-]+/g)) {
          assert.ok(
            leaf.options.some(({ long }) => long === option),
            `${line}: ${option}`,
          );
        }
      }
    });
  });
}
