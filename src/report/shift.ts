/** @module The section on differences between the images of the partitions. */
import { existsSync } from "node:fs";
import type { Shifts } from "../familiar/index";
import { readJson } from "../files/index";
import { escapeHtml, paragraph } from "../html/index";
import { shiftFigure } from "../plots/index";
import type { ReportFacts } from "./facts";
import type { Section } from "./section";

/** Undefined for runs without this measure and for sets that are too small. */
export async function shiftSection({ results }: ReportFacts): Promise<Section | undefined> {
  const path = results.directory.shift;
  const shifts = existsSync(path) ? await readJson<Shifts>(path) : {};
  if (Object.keys(shifts).length === 0) return undefined;
  return {
    id: "shift",
    title: "Do validation and test images look like the training images?",
    blocks: [
      {
        figure: shiftFigure(shifts),
        caption: "A classifier of colours and textures tells the sets apart; at the dotted line it guesses.",
      },
      ...Object.values(shifts).map(({ says }) => paragraph(escapeHtml(says))),
    ],
  };
}
