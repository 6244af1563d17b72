/** @module Messages between the queueing process and the workers through Redis. Results are in the shared folder. */
import type { Queue } from "bullmq";
import type { SlideOptions, SlideResult } from "../slide-options";

/** Name of the queue. Any worker takes any slide. */
export const QUEUE = "histo-slides";
/** Increase if workers of the last version must not take new slides. */
export const PROTOCOL = 1;

/** Settings of a slide and the folder for its results. */
export type SlideSettings = Pick<
  SlideOptions,
  "slideMpp" | "mpp" | "overlap" | "leastTissue" | "bitDepth" | "profile" | "frame" | "dzi" | "model" | "out"
>;

/** A slide in the queue. All paths are absolute and must be the same for workers. */
export interface QueuedSlide {
  readonly protocol: number;
  readonly path: string;
  readonly settings: SlideSettings;
  /** The queueing process was stopped: keep the finished part and stop. */
  readonly cancelled?: boolean;
}

/** The result of a job. */
export type SlideReport =
  | { readonly type: "finished"; readonly result: SlideResult }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | { readonly type: "interrupted" };

export type SlideQueue = Queue<QueuedSlide, SlideReport, "slide">;
