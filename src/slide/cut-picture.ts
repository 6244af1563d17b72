/** @module Cuts a picture into tiles in a process of its own. */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { HistoError } from "../errors/index";
import type { TiffPicture } from "./picture";
import { errorOf, type ProgramFailure, startProgram } from "./program";

/** The message to the process. */
export interface ToCutter {
  readonly path: string;
  readonly out: string;
  readonly tiff: TiffPicture | undefined;
}

/** The message from the process. */
export type FromCutter = { readonly type: "cut" } | ProgramFailure;

/**
 * Writes a picture as a tiled pyramid, see `cutIntoTiles`.
 * @returns the new file's path in `folder`
 * @throws the reason of `signal` if it is aborted; {HistoError} `SLIDE_READER_CRASHED`
 */
export async function cutPicture(
  path: string,
  folder: string,
  tiff?: TiffPicture,
  signal?: AbortSignal,
): Promise<string> {
  const out = join(folder, "pyramid.tif");
  const part = `${out}.part`;
  try {
    // A process that was stopped for some time may still be writing to a file of this name.
    await rm(part, { force: true });
    await runCutter({ path, out: part, tiff }, signal);
    await rename(part, out);
    return out;
  } finally {
    await rm(part, { force: true });
  }
}

async function runCutter(order: ToCutter, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const child = startProgram("cut-main");
  let abort: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort);
      child.on("error", reject);
      child.on("exit", (code, by) => {
        const how = by ?? `exit status ${code}`;
        reject(new HistoError("SLIDE_READER_CRASHED", `${order.path}: its decoder has crashed on it (${how}).`));
      });
      child.on("message", (answer: FromCutter) => (answer.type === "cut" ? resolve() : reject(errorOf(answer))));
      if (child.connected) child.send(order, () => undefined);
    });
  } finally {
    signal?.removeEventListener("abort", abort);
    child.kill("SIGKILL");
  }
}
