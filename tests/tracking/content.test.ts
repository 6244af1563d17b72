/** @module Tables, figures, checksums and GPU lines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatChecksums, parseChecksums } from "../../src/tracking/client/artifact-client";
import { figureHtml } from "../../src/tracking/run/figures";
import { appendRows, toTable } from "../../src/tracking/spool/run-tables";
import { parseGpuLine, SystemSampler } from "../../src/tracking/spool/system-metrics";

test("rows, columns and tables are the same table", () => {
  const table = {
    columns: ["image", "logit"],
    data: [
      ["a", 1],
      ["b", 2],
    ],
  };
  assert.deepEqual(toTable(table), table);
  assert.deepEqual(toTable({ image: ["a", "b"], logit: [1, 2] }), table);
  assert.deepEqual(
    toTable([
      { image: "a", logit: 1 },
      { image: "b", logit: 2 },
    ]),
    table,
  );
  const more = appendRows(table, toTable([{ votes: 3, image: "c" }]));
  assert.deepEqual(more, {
    columns: ["image", "logit", "votes"],
    data: [
      ["a", 1, null],
      ["b", 2, null],
      ["c", null, 3],
    ],
  });
});

test("no text of a figure can end the script of its page", () => {
  const html = figureHtml({ data: [{ name: "</script><script>alert(1)</script>" }] });
  assert.equal(html.split("</script>").length, 3);
});

test("checksums are in the format of sha256sum", () => {
  const sums = new Map([
    ["b c.bin", "0".repeat(64)],
    ["a.bin", "f".repeat(64)],
  ]);
  const text = formatChecksums(sums);
  assert.equal(text, `${"f".repeat(64)}  a.bin\n${"0".repeat(64)}  b c.bin\n`);
  assert.deepEqual(parseChecksums(text), sums);
});

test("a sample of the machine has Python's names and possible values", async () => {
  const sampler = new SystemSampler();
  await new Promise((done) => setTimeout(done, 120));
  const sample = await sampler.sample();
  for (const name of ["cpu_utilization_percentage", "system_memory_usage_percentage", "disk_usage_percentage"]) {
    assert.ok((sample[name] as number) >= 0 && (sample[name] as number) <= 100, `${name} ${sample[name]}`);
  }
  assert.ok((sample.process_memory_usage_megabytes as number) > 20);
});

test("a line of nvidia-smi becomes metrics; unknown fields are left out", () => {
  assert.deepEqual(parseGpuLine("1, 1000, 4000, 37, [N/A], [N/A]"), {
    gpu_1_memory_usage_megabytes: 1048.576,
    gpu_1_memory_usage_percentage: 25,
    gpu_1_utilization_percentage: 37,
  });
  assert.deepEqual(parseGpuLine(""), {});
});
