/** @module How to predict a slide, and what is returned for it. */
import type { Progress } from "../progress/index";
import type { ProfileUse } from "./colour-profile";
import type { SlideSummary } from "./predicted-slide";
import type { Frame } from "./results/index";

export interface SlideOptions {
  /** Model directory. */
  readonly model: string;
  /** Folder for the results. */
  readonly out: string;
  /** Micrometres per pixel of level 0; overrides the file. */
  readonly slideMpp?: number | undefined;
  /** Micrometres per pixel of the model's input; overrides its card. */
  readonly mpp?: number | undefined;
  readonly overlap?: number | undefined;
  /** Minimum share of tissue in a tile. Default 0.1. */
  readonly leastTissue?: number | undefined;
  /** Bits that the values of 16-bit slides use; overrides the model's card. */
  readonly bitDepth?: number | undefined;
  /** What to do with the slide's colour profile. Default: ignore it. */
  readonly profile?: ProfileUse | undefined;
  readonly frame?: Frame | undefined;
  /** Also write the slide's picture as a Deep Zoom image. */
  readonly dzi?: boolean | undefined;
  readonly resume?: boolean | undefined;
  /** The caller makes sure that no other process writes into `out`; one that has not noticed yet does not matter. */
  readonly shared?: boolean | undefined;
  readonly workers?: number | undefined;
  /** Threads of the network in all workers together. Default: all processors. */
  readonly threads?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The output of `histo slide --json` for a slide. */
export interface SlideResult extends SlideSummary, SlideEffort {
  readonly out: string;
}

/** What a result has cost. */
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
