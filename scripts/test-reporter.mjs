// Test output: a line per file, failures and skips in full, and `N passed, N failed, N skipped` as the last line.
import { relative } from "node:path";
import { inspect } from "node:util";

export default async function* report(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const files = new Map();
  for await (const { type, data } of events) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    if (type === "test:pass" || type === "test:fail") {
      const leaf = data.details?.type !== "suite" && !isFile(data);
      if (data.skip !== undefined && data.skip !== false) {
        if (leaf) counts.skipped++;
        if (leaf) yield `  skipped: ${data.name}${typeof data.skip === "string" ? ` (${data.skip})` : ""}\n`;
      } else if (type === "test:pass") {
        if (leaf) counts.passed++;
      } else if (leaf || !isSubtestFailure(data)) {
        counts.failed++;
        yield `  FAILED: ${data.name} (${place(data)})\n${inspect(data.details?.error?.cause ?? data.details?.error)}\n`;
      }
      if (data.file)
        files.set(data.file, (files.get(data.file) ?? 0) + (data.nesting === 0 ? (data.details?.duration_ms ?? 0) : 0));
    }
    if (type === "test:summary" && data.file) {
      yield `${data.success ? "ok  " : "FAIL"} ${relative("dist", relative(process.cwd(), data.file))} (${(data.duration_ms / 1000).toFixed(1)} s)\n`;
    }
  }
  if (files.size === 0 && counts.passed + counts.failed === 0) yield "No test ran.\n";
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}

const isFile = ({ name, nesting }) => nesting === 0 && /\.test\.js$/.test(name);
const isSubtestFailure = ({ details }) => details?.error?.failureType === "subtestsFailed";
const place = ({ file, line }) => `${relative(process.cwd(), file ?? "")}:${line ?? 0}`;
