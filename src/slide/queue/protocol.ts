/** @module Messages between the queueing process and the workers through Redis. Results are in the shared folder. */
import type { Queue } from "bullmq";
import type { SlideOptions, SlideResult } from "../slide-options";
import { ANSWERS } from "../slide-plan";

/** Name of the queue. Any worker takes any slide. */
export const QUEUE = "histo-slides";
/** A worker of a version with other answers could not continue a slide, and would leave out what they have got since. */
export const PROTOCOL = ANSWERS;

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

export type SlideReport =
  | { readonly type: "finished"; readonly result: SlideResult }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | { readonly type: "interrupted" };

export type SlideQueue = Queue<QueuedSlide, SlideReport, "slide">;
