/** @module The program that cuts a picture into tiles: its work can be stopped, and its crash ends no other process. */
import type { FromCutter, ToCutter } from "./cut-picture";
import { cutIntoTiles } from "./picture";
import { answerMessages } from "./program";

answerMessages(async ({ path, out, tiff }: ToCutter): Promise<FromCutter> => {
  await cutIntoTiles(path, out, tiff);
  return { type: "cut" };
});
