/** @module The routes' interface to the prediction of whole slides. */

/** A requested slide. */
export interface SlideState {
  readonly id: string;
  readonly slide: string;
  readonly model: string;
  readonly status: "queued" | "running" | "done" | "failed" | "cancelled";
  /** Numbers of predicted and of all tiles; 0 until the tissue has been found. */
  readonly done: number;
  readonly total: number;
  /** Why it failed. */
  readonly problem?: { readonly code: string; readonly detail: string };
  /** `slide.json`, once it is done. */
  readonly summary?: object;
}

/** How to predict a slide. */
export interface SlideOrder {
  readonly slide: string;
  readonly model: string;
  /** Micrometres per pixel of the model's tiles, and of the slide. */
  readonly mpp?: number | undefined;
  readonly slideMpp?: number | undefined;
  readonly overlap?: number | undefined;
  /** What to do with the slide's colour profile. */
  readonly profile?: "ignore" | "apply" | undefined;
}

/** Predicts slides in the background. Deployments without one respond with an alternative. */
export interface SlideHost {
  /** Names of the available slides. */
  names(): Promise<readonly string[]>;
  /** @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `QUEUE_FULL` */
  start(order: SlideOrder): Promise<SlideState>;
  states(): readonly SlideState[];
  state(id: string): SlideState | undefined;
  cancel(id: string): void;
  /** A result file; undefined if it does not exist. */
  file(id: string, name: string): Promise<{ readonly type: string; readonly bytes: Uint8Array } | undefined>;
  /** Data for the viewer: size, scale, and the tiles' predictions. */
  map(id: string): Promise<object | undefined>;
  /** A JPEG tile of the picture, shrunk by 2 to the power of `shrink`; undefined outside. */
  tile(id: string, shrink: number, column: number, row: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
