/** @module How to predict a slide, and what is returned for it. */
import type * as z from "zod";
import type { slideSchema } from "../options/index";
import type { Progress } from "../progress/index";
import type { SlideSummary } from "./predicted-slide";

/** How to predict a slide: the options of `histo slide` with the same names, and what the caller adds. */
export interface SlideOptions
  extends Pick<
    z.input<typeof slideSchema>,
    "mpp" | "slideMpp" | "overlap" | "bitDepth" | "profile" | "frame" | "dzi" | "resume" | "workers" | "threads"
  > {
  readonly model: string;
  readonly out: string;
  /** Minimum share of tissue in a tile. Default 0.1. */
  readonly leastTissue?: number | undefined;
  /** The caller makes sure that no other process writes into `out`; one that has not noticed yet does not matter. */
  readonly shared?: boolean | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The output of `histo slide --json` for a slide. */
export interface SlideResult extends SlideSummary, SlideEffort {
  readonly out: string;
}

export interface SlideOutcome {
  readonly name: string;
  readonly outcome: SlideResult | { readonly code: string; readonly message: string };
}

export interface SlideEffort {
  readonly seconds: number;
  readonly tilesPerSecond: number;
  /** Tiles that an earlier run predicted. */
  readonly resumedTiles: number;
  /** Processor time of all workers. */
  readonly processorSeconds: number;
  /** Peak memory of all processes. */
  readonly peakMemoryBytes: number;
}
