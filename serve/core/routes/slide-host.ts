/** @module Where whole slides are predicted, as the routes see it. */

/** A slide that was asked for. */
export interface SlideState {
  readonly id: string;
  readonly slide: string;
  readonly model: string;
  readonly status: "queued" | "running" | "done" | "failed" | "cancelled";
  /** Tiles predicted and to be predicted; 0 until the tissue has been found. */
  readonly done: number;
  readonly total: number;
  /** Why it failed. */
  readonly problem?: { readonly code: string; readonly detail: string };
  /** `slide.json`, when it is done. */
  readonly summary?: object;
}

/** What to do with a slide. */
export interface SlideOrder {
  readonly slide: string;
  readonly model: string;
  /** Micrometres of a pixel of the model's tiles, and of the slide's. */
  readonly mpp?: number | undefined;
  readonly slideMpp?: number | undefined;
  readonly overlap?: number | undefined;
}

/** Where slides are predicted. A deployment without one says what does it instead. */
export interface SlideHost {
  /** Slides that can be asked for. */
  names(): Promise<readonly string[]>;
  /** @throws {Problem} `IMAGE_NOT_FOUND`, `IMAGE_TOO_LARGE`, `QUEUE_FULL` */
  start(order: SlideOrder): Promise<SlideState>;
  states(): readonly SlideState[];
  state(id: string): SlideState | undefined;
  cancel(id: string): void;
  /** A result file; undefined where there is none of this name. */
  file(id: string, name: string): Promise<{ readonly type: string; readonly bytes: Uint8Array } | undefined>;
  /** What the viewer needs: size, scale, and the tiles' answers. */
  map(id: string): Promise<object | undefined>;
  /** A tile of the picture in JPEG, at a power of two below full size (0: full size); undefined outside. */
  tile(id: string, shrink: number, column: number, row: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
