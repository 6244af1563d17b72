/** @module Progress of long work on standard error: a bar on a terminal, else plain lines. */
import { seconds } from "../format/index";

/** One running piece of work. */
export interface ProgressTask {
  /** Sets the amount done (in the task's unit) and a note to show, such as `loss 0.412`. */
  update(done: number, note?: string): void;
  /** Ends the task and replaces the bar by a summary. */
  finish(summary?: string): void;
}

/** Shows progress. Long functions take one as an option; the default is {@link silentProgress}. */
export interface Progress {
  /** @param total amount of work, 0 if unknown @param unit plural noun, such as `images` */
  start(label: string, total: number, unit?: string): ProgressTask;
  /** Prints one line. */
  say(line: string): void;
}

/** Progress that shows nothing. */
export const silentProgress: Progress = {
  start: () => ({ update: () => undefined, finish: () => undefined }),
  say: () => undefined,
};

/** The part of a stream that progress needs. */
interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const REDRAW_MS = 80;
const PLAIN_LINE_MS = 5000;

/** Progress on a stream: a redrawn bar on a terminal, else a line every five seconds and one at the end. */
export function streamProgress(stream: ProgressStream = process.stderr): Progress {
  return {
    say: (line) => void stream.write(`${stream.isTTY ? "\r\x1b[2K" : ""}${line}\n`),
    start(label, total, unit = "") {
      const started = Date.now();
      let shown = stream.isTTY ? 0 : started;
      return {
        update(done, note = "") {
          const now = Date.now();
          if (now - shown < (stream.isTTY ? REDRAW_MS : PLAIN_LINE_MS)) return;
          shown = now;
          const line = `${label} ${describe(done, total, unit, (now - started) / 1000)}${note ? `  ${note}` : ""}`;
          if (stream.isTTY) stream.write(`\r\x1b[2K${bar(done, total)} ${line}`.slice(0, (stream.columns ?? 120) + 4));
          else stream.write(`${line}\n`);
        },
        finish(summary) {
          const line = `${label}: ${summary ?? "done"} (${seconds((Date.now() - started) / 1000)})`;
          stream.write(`${stream.isTTY ? "\r\x1b[2K" : ""}${line}\n`);
        },
      };
    },
  };
}

function bar(done: number, total: number): string {
  const width = 20;
  const filled = total > 0 ? Math.min(width, Math.round((width * done) / total)) : 0;
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}

function describe(done: number, total: number, unit: string, elapsed: number): string {
  const count = total > 0 ? `${done}/${total}` : `${done}`;
  const rate = elapsed > 0 ? done / elapsed : 0;
  const speed = rate >= 1 && unit ? `, ${rate.toFixed(rate < 10 ? 1 : 0)} ${unit}/s` : "";
  const left = total > 0 && rate > 0 ? `, ${seconds((total - done) / rate)} left` : "";
  return `${count}${unit ? ` ${unit}` : ""}${speed}${left}`;
}
