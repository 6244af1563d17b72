/** @module What the run logger logs, read back by Python's own client. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodePng } from "../../../src/image/with-sharp";
import { startRun } from "../../../src/tracking/index";
import { type MlflowFixture, readWithPython } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

interface ReadBack {
  params: Record<string, string>;
  tags: Record<string, string>;
  status: string;
  history: Record<string, [string, number][]>;
  inputs: [string, string, string | null][];
  artifacts: Record<string, string>;
  table: { columns: string[]; data: unknown[][] };
  image: [number, number, number[]];
  children: string[];
  systemMetrics: string[];
}

const READ_BACK = `
run = client.get_run(given["run"])
def walk(path=None):
    for item in client.list_artifacts(given["run"], path):
        if item.is_dir: yield from walk(item.path)
        else: yield item.path
import glob, hashlib, re
from PIL import Image
folder = mlflow.artifacts.download_artifacts(run_id=given["run"], dst_path=given["directory"])
read = lambda path: open(os.path.join(given["directory"], path), "rb").read()
paths = list(walk())
picture = Image.open(os.path.join(given["directory"], next(p for p in paths if p.endswith(".png") and p.startswith("images/"))))
mlflow.set_experiment(experiment_id=run.info.experiment_id)
sources = glob.glob(os.path.join(os.path.dirname(mlflow.__file__), "system_metrics", "metrics", "*.py"))
table = mlflow.load_table("tables/errors.json", run_ids=[given["run"]])
result = {
  "params": run.data.params, "tags": run.data.tags, "status": run.info.status,
  "history": {key: [[repr(m.value), m.step] for m in client.get_metric_history(given["run"], key)] for key in run.data.metrics},
  "inputs": [[i.dataset.name, i.dataset.digest, next((t.value for t in i.tags if t.key == "mlflow.data.context"), None)] for i in run.inputs.dataset_inputs],
  "artifacts": {path: hashlib.sha256(read(path)).hexdigest() for path in paths},
  "table": json.loads(table.to_json(orient="split", index=False)),
  "image": [*picture.size, list(picture.convert("RGB").getpixel((1, 0)))],
  "children": [r.info.run_name for r in client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{given['run']}'", order_by=["attributes.start_time"])],
  "systemMetrics": [name for path in sources for name in re.findall(r'_metrics\\["(\\w+)"\\]', open(path).read())],
}`;

export function runLoggerCases(mlflow: () => MlflowFixture): void {
  describe("run logger", () => {
    test("Python's client reads back everything that was logged", async (context) => {
      const { server, directory: shared } = mlflow();
      const directory = await temporaryDirectory(context);
      const said: string[] = [];
      const options = {
        experiment: "logger",
        trackingUri: server.url,
        waitMs: 60_000,
        say: (line: string) => void said.push(line),
      };
      const run = await startRun({
        ...options,
        runName: "parent",
        spoolDirectory: join(directory, "parent"),
        tags: { stage: "test" },
        systemMetrics: 100,
      });
      assert.match(run.runUrl ?? "", new RegExp(`^${server.url}/#/experiments/\\d+/runs/[0-9a-f]{32}$`));

      run.logParams({ lr: 0.001, hidden: [2352, 2352, 294], "odd key!": "ö", none: null });
      for (let step = 0; step < 1500; step++) run.logMetric("loss", 1 / (step + 1), step);
      run.logMetrics({ diverged: Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY }, 3.9);
      run.setTags({ note: "x".repeat(9000) });
      run.logInputs([
        {
          dataset: { name: "tiles", digest: "abc123", source_type: "local", source: "{}" },
          tags: [{ key: "mlflow.data.context", value: "training" }],
        },
      ]);
      const model = randomBytes(9_000_000);
      await writeFile(join(directory, "weights.safetensors"), model);
      await mkdir(join(directory, "report", "plots"), { recursive: true });
      await writeFile(join(directory, "report", "index.html"), "<p>report</p>");
      await writeFile(join(directory, "report", "plots", "roc.svg"), "<svg/>");
      await run.logArtifact(join(directory, "weights.safetensors"), "best");
      await run.logArtifacts(join(directory, "report"), "report");
      await run.logText("hyperplastic ≠ serrated\n", "notes/summary.txt");
      await run.logDict({ threshold: 0.5 }, "config.json");
      await run.logTable({ image: ["a.png"], logit: [1.5] }, "tables/errors.json");
      await run.logTable([{ image: "b.png", votes: 4 }], "tables/errors.json");
      const pixels = Uint8Array.from([255, 0, 0, 0, 255, 0]);
      await run.logImage(await encodePng(pixels, 2, 1), { key: "filters/first", step: 7 });
      await run.logFigure({ data: [{ y: [1, 2] }], layout: { title: { text: "</script>" } } }, "plots/curve");

      const children = [];
      for (const name of ["trial-1", "trial-2"]) {
        const spoolDirectory = join(directory, name);
        const child = await startRun({ ...options, runName: name, parent: run, spoolDirectory, systemMetrics: false });
        child.logMetric("auc", 0.8);
        children.push(child.end());
      }
      for (const report of await Promise.all(children)) assert.ok(report.complete, report.problem);
      const report = await run.end();
      assert.deepEqual([report.complete, report.pending, report.rejected], [true, 0, 0], JSON.stringify(said));

      const back = await readWithPython<ReadBack>(
        server.url,
        { run: run.runId, directory: join(shared, "python") },
        `os.makedirs(given["directory"], exist_ok=True)\n${READ_BACK}`,
      );
      assert.equal(back.status, "FINISHED");
      assert.deepEqual(back.params, { lr: "0.001", hidden: "[2352,2352,294]", "odd key_": "ö", none: "None" });
      assert.equal(back.history.loss?.length, 1500);
      assert.deepEqual(back.history.loss?.[999], [String(1 / 1000), 999]);
      assert.deepEqual(back.history.diverged, [["nan", 3]]);
      assert.deepEqual(back.history.up, [["1.7976931348623157e+308", 3]]);
      assert.deepEqual(back.history.down, [["-1.7976931348623157e+308", 3]]);
      assert.ok(back.systemMetrics.length >= 8, "the names of Python's client are found");
      for (const name of back.systemMetrics) assert.ok((back.history[`system/${name}`]?.length ?? 0) > 0, name);
      assert.ok(Number(back.history["system/process_memory_usage_megabytes"]?.[0]?.[0]) > 10);
      assert.equal(back.tags.note?.length, 8000);
      assert.equal(back.tags.stage, "test");
      assert.match(back.tags["mlflow.source.git.commit"] ?? "", /^[0-9a-f]{40}$/);
      assert.deepEqual(back.inputs, [["tiles", "abc123", "training"]]);
      assert.equal(back.artifacts["best/weights.safetensors"], createHash("sha256").update(model).digest("hex"));
      const names = Object.keys(back.artifacts).filter((path) => !path.startsWith("images/"));
      assert.deepEqual(names.sort(), [
        "artifacts.sha256",
        "best/weights.safetensors",
        "config.json",
        "notes/summary.txt",
        "plots/curve.html",
        "plots/curve.json",
        "report/index.html",
        "report/plots/roc.svg",
        "tables/errors.json",
      ]);
      const listed = await readFile(join(shared, "python", "artifacts.sha256"), "utf8");
      for (const [path, sha256] of Object.entries(back.artifacts)) {
        if (path !== "artifacts.sha256") assert.ok(listed.includes(`${sha256}  ${path}\n`), path);
      }
      assert.deepEqual(back.table.columns, ["image", "logit", "votes"]);
      assert.deepEqual(back.table.data, [
        ["a.png", 1.5, null],
        ["b.png", null, 4],
      ]);
      assert.deepEqual(back.image, [2, 1, [0, 255, 0]]);
      assert.deepEqual(back.children, ["trial-1", "trial-2"]);
      assert.deepEqual(said, ['Tracking: "odd key!" is logged as "odd key_", which MLflow accepts']);
    });

    test("what cannot be logged is said, and everything else arrives", async (context) => {
      const { server, client } = mlflow();
      const directory = await temporaryDirectory(context);
      const said: string[] = [];
      const run = await startRun({
        experiment: "logger",
        trackingUri: server.url,
        spoolDirectory: directory,
        systemMetrics: false,
        waitMs: 60_000,
        say: (line) => void said.push(line),
      });
      run.logParams({ lr: 0.1, epochs: 3 });
      run.logMetrics({ auc: 0.9, notANumber: "high" as unknown as number });
      run.logParams({ lr: 0.2, batch: 64 });
      await run.logArtifact(join(directory, "missing.bin"));
      await run.logText("outside", "../escape.txt");
      const report = await run.end("FAILED");
      assert.deepEqual([report.complete, report.rejected], [true, 1]);
      const { info, data } = await client.getRun(run.runId ?? "");
      assert.equal(info.status, "FAILED");
      assert.deepEqual(Object.fromEntries(data.params.map(({ key, value }) => [key, value])), {
        lr: "0.1",
        epochs: "3",
        batch: "64",
      });
      assert.deepEqual(
        data.metrics.map(({ key }) => key),
        ["auc"],
      );
      assert.equal(said.length, 4, said.join("\n"));
      for (const [index, about] of [/notANumber/, /missing\.bin/, /escape\.txt/, /lr/].entries()) {
        assert.ok(
          said.some((line) => about.test(line)),
          `${index}: ${said.join("\n")}`,
        );
      }
    });
  });
}
