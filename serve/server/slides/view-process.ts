/** @module The process that reads the picture of one slide for its viewers: what crashes a decoder ends only this process. */
import { HistoError, messageOf } from "../../../src/errors/index";
import { Limit } from "../../../src/machine/index";
import {
  openSlideReader,
  pictureLevels,
  pictureTile,
  type SlideMeaning,
  type SlideReader,
} from "../../../src/slide/viewing/index";

/** What the process is asked, the slide first. */
export type ViewQuestion =
  | { readonly type: "open"; readonly path: string; readonly folder: string; readonly meaning: SlideMeaning }
  | { readonly type: "tile"; readonly shrink: number; readonly column: number; readonly row: number };

export type ToViewProcess = ViewQuestion & { readonly id: number };

/** The answer to the message with this id: the picture's number of levels, or the bytes of a tile. */
export type FromViewProcess = { readonly id: number } & (
  | { readonly type: "done"; readonly value: number | Uint8Array | undefined }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
);

/** Tiles that are read at a time: each needs as many pixels of the slide as its level is shrunk. */
const turns = new Limit(4);

let reader: SlideReader | undefined;

async function answerTo(message: ToViewProcess): Promise<number | Uint8Array | undefined> {
  if (message.type === "open") {
    reader = await openSlideReader(message.path, message.folder, message.meaning);
    return pictureLevels(reader.info);
  }
  const { shrink, column, row } = message;
  return turns.run(async () => reader && pictureTile(reader, shrink, column, row));
}

function send(message: FromViewProcess): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

process.on("message", async (message: ToViewProcess) => {
  const { id } = message;
  try {
    send({ id, type: "done", value: await answerTo(message) });
  } catch (error) {
    send({
      id,
      type: "failed",
      code: error instanceof HistoError ? error.code : "INTERNAL",
      message: messageOf(error),
    });
  }
});
// An exit would wait for threads that decode.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Both reach every process of a terminal or a service. The server decides when this one ends.
process.on("SIGINT", () => undefined).on("SIGTERM", () => undefined);
