/** @module The process that predicts one slide for the server, which survives its crash and can kill it. */
import { HistoError, messageOf } from "../../../src/errors/index";
import type { Progress } from "../../../src/progress/index";
import { predictSlide, type SlideOptions, type SlideSummary } from "../../../src/slide/index";

export interface ToSlideProcess {
  readonly path: string;
  readonly options: Pick<
    SlideOptions,
    "model" | "out" | "mpp" | "slideMpp" | "overlap" | "bitDepth" | "profile" | "workers" | "threads"
  >;
}

export type FromSlideProcess =
  | { readonly type: "progress"; readonly done: number; readonly total: number }
  | { readonly type: "done"; readonly summary: SlideSummary }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

const UPDATE_MS = 300;

const progress: Progress = {
  say: () => undefined,
  start(_label, total) {
    let shown = 0;
    send({ type: "progress", done: 0, total });
    return {
      update(done) {
        if (Date.now() - shown < UPDATE_MS) return;
        shown = Date.now();
        send({ type: "progress", done, total });
      },
      finish: () => send({ type: "progress", done: total, total }),
    };
  },
};

function send(message: FromSlideProcess): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

process.once("message", async ({ path, options }: ToSlideProcess) => {
  try {
    const { seconds, tilesPerSecond, processorSeconds, peakMemoryBytes, out, ...summary } = await predictSlide(path, {
      ...options,
      progress,
    });
    send({ type: "done", summary });
  } catch (error) {
    const { code, toClient } = error instanceof HistoError ? error : new HistoError("INTERNAL", messageOf(error));
    send({ type: "failed", code, message: toClient });
  }
  process.disconnect();
});
process.on("disconnect", () => process.exit());
// Ctrl-C reaches every process of a terminal. The server decides when this one ends.
process.on("SIGINT", () => undefined);
