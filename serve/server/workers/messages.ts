/** @module Messages between the server and its model workers. Images and pixels are sent as bytes next to them. */
import type { EngineOptions, LoadedModel, ProblemCode } from "../../core/index";
import type { ModelCalls } from "../../core/models/index";

/** Options for loading and running a model. */
export interface WorkerOptions extends EngineOptions {
  /** Threads of the network. */
  readonly threads?: number | undefined;
  /** Bits that the values of 16-bit images use. */
  readonly bitDepth?: number | undefined;
}

export type Method = keyof ModelCalls;

/** A call of a {@link ModelCalls} method. Its image or pixels are the message's bytes; `numbers` are its other parameters. */
export interface Work<M extends Method = Method> {
  readonly method: M;
  readonly numbers?: readonly number[];
}

export type ResultOf<M extends Method> = Awaited<ReturnType<ModelCalls[M]>>;

/** From the server to a worker. */
export type ToWorker =
  | { readonly type: "load"; readonly directory: string; readonly name: string; readonly options: WorkerOptions }
  | { readonly type: "work"; readonly id: number; readonly work: Work }
  | { readonly type: "cancel"; readonly id: number };

/** From a worker to the server. */
export type FromWorker =
  | { readonly type: "loaded"; readonly model: LoadedModel }
  | { readonly type: "failed"; readonly code: string; readonly message: string; readonly input: boolean }
  /** `value` is null if the message's bytes are the result. */
  | { readonly type: "done"; readonly id: number; readonly value: unknown }
  | { readonly type: "refused"; readonly id: number; readonly code: ProblemCode; readonly message: string };
