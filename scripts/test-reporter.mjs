// Test output: one line per file, failures and skips in full, and `N passed, N failed, N skipped` as the last line.
import { relative } from "node:path";
import { inspect } from "node:util";

export default async function* report(events) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let current;
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (isFile(data)) {
      // Node reports a file as a test if it ends before its first test.
      if (type === "test:fail" && !hasFailedTests(data)) {
        total.failed++;
        yield describeFailure(data);
      }
      continue;
    }
    if (data.file !== current?.file) {
      if (current) yield line(current);
      current = { file: data.file, passed: 0, failed: 0, skipped: 0, milliseconds: 0 };
    }
    if (data.nesting === 0) current.milliseconds += data.details?.duration_ms ?? 0;
    const outcome = outcomeOf(type, data);
    if (!outcome) continue;
    total[outcome]++;
    current[outcome]++;
    if (outcome === "failed") yield describeFailure(data);
    if (outcome === "skipped")
      yield `  skipped: ${data.name}${typeof data.skip === "string" ? ` (${data.skip})` : ""}\n`;
  }
  if (current) yield line(current);
  yield `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`;
}

/** Suites and tests with failed subtests are counted by what they contain. */
function outcomeOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return "skipped";
  if (data.details?.type === "suite" || hasFailedTests(data)) return undefined;
  return type === "test:pass" ? "passed" : "failed";
}

const isFile = ({ name, nesting }) => nesting === 0 && /\.test\.js$/.test(name);
const hasFailedTests = ({ details }) => details?.error?.failureType === "subtestsFailed";
const shown = (file) => relative(process.cwd(), file ?? "").replace(/^dist\//, "");

function line({ file, passed, failed, skipped, milliseconds }) {
  const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean);
  return `${failed ? "FAIL" : "ok  "} ${shown(file)}: ${counts.join(", ")} (${(milliseconds / 1000).toFixed(1)} s)\n`;
}

function describeFailure({ name, file, line: at, details }) {
  return `  FAILED: ${name} (${shown(file)}:${at ?? 0})\n${inspect(details?.error?.cause ?? details?.error)}\n`;
}
