/** @module The program that cuts a picture into tiles: its work can be stopped, and its crash ends no other process. */
import type { FromCutter, ToCutter } from "./cut-picture";
import { cutIntoTiles } from "./picture";
import { endWithParent, failureOf } from "./program";

async function cut({ path, out, tiff }: ToCutter): Promise<FromCutter> {
  try {
    await cutIntoTiles(path, out, tiff);
    return { type: "cut" };
  } catch (error) {
    return failureOf(error);
  }
}

process.once("message", async (message: ToCutter) => {
  const answer = await cut(message);
  if (process.connected) process.send?.(answer, undefined, undefined, () => undefined);
});
endWithParent();
