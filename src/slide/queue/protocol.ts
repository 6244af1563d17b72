/** @module What the one who hands out slides and the workers tell each other through Redis. Results lie in the shared folder. */
import type { Queue } from "bullmq";
import type { SlideOptions, SlideResult } from "../predict-slide";

/** Name of the queue. Any worker takes any slide. */
export const QUEUE = "histo-slides";
/** Raise when a worker of the former version must not take the new one's slides. */
export const PROTOCOL = 1;
/** How many times a slide is begun whose workers end in the middle. */
export const LIVES = 3;

/** What a slide's answers depend on, and where they go. */
export type SlideSettings = Pick<
  SlideOptions,
  "slideMpp" | "mpp" | "overlap" | "leastTissue" | "frame" | "dzi" | "model" | "out"
>;

/** A slide in the queue. All paths are absolute; workers must see them under the same names. */
export interface QueuedSlide {
  readonly protocol: number;
  readonly path: string;
  readonly settings: SlideSettings;
  /** Whoever handed it out has been stopped: keep what is done and let go. */
  readonly cancelled?: boolean;
}

/** How a slide ended. */
export type SlideReport =
  | { readonly type: "finished"; readonly result: SlideResult }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | { readonly type: "interrupted" };

export type SlideQueue = Queue<QueuedSlide, SlideReport, "slide">;
