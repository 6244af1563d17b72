/** @module Class activation maps of networks that end in a global average of features. */
import { join } from "node:path";
import { type ModelDirectory, openChecked } from "../model-directory/index";
import { GraphSession, type SessionOptions } from "../onnxruntime/index";
import { modelInput } from "./graph-check";

/** Contributions of the places of an image to its logit. They add up to the logit if the network's head is linear. */
export interface ClassActivation {
  /** Number of places in a row and in a column. */
  readonly grid: number;
  /** In logits, row-major, grid x grid. */
  readonly contributions: readonly number[];
}

/** A second session of the model, which gives a logit for each place. */
export class ClassActivationSession {
  private constructor(
    private readonly directory: ModelDirectory,
    private readonly session: GraphSession,
  ) {}

  /**
   * @returns undefined for other networks, such as MLPs, and for models that average several views of an image
   * @throws {InputError} `MODEL_CORRUPT` if the graph is not the one that the card names
   */
  static async open(directory: ModelDirectory, options: SessionOptions): Promise<ClassActivationSession | undefined> {
    const { card, path } = directory;
    if (card.output.kind !== "logit" || (card.views ?? 1) > 1) return undefined;
    const graph = join(path, card.graph);
    // Loaded only here, because predictions do not need to read graphs.
    const { localLogitsGraph } = await import("../onnx/index.js");
    const bytes = await localLogitsGraph(graph, card.output.name);
    if (!bytes) return undefined;
    const open = () => GraphSession.open(graph, { ...options, bytes });
    // Checked again, because the directory may hold another model by now.
    return new ClassActivationSession(directory, await openChecked(directory, open, (opened) => opened.close()));
  }

  /** @param pixels uint8, RGB, [size, size, 3] @returns undefined if the places do not form a square */
  async of(pixels: Uint8Array): Promise<ClassActivation | undefined> {
    const { card } = this.directory;
    const local = await this.session.run(card.input.name, modelInput(pixels, 1, card), card.output.name);
    const grid = Math.sqrt(local.length);
    if (!Number.isInteger(grid) || grid < 2) return undefined;
    return { grid, contributions: Array.from(local, (logit) => logit / local.length) };
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
