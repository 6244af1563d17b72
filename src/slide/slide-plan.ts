/** @module What is to be done for a slide and a model: at which scale, on which grid, and what identifies the work. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { InputError } from "../errors/index";
import { sha256 } from "../files/index";
import { tileEdgeOf } from "../image/index";
import type { ModelDirectory } from "../model-directory/index";
import { slideDefaults } from "../options/slide/index";
import type { ProfileUse } from "./colour-profile";
import { type GridSettings, tileReading } from "./grid";
import type { JournalIdentity } from "./journal";
import type { Frame } from "./results/index";
import type { SlideOptions } from "./slide-options";
import type { SlideInfo } from "./types";

/** Larger tiles are not read in bounded memory. */
const MOST_TILE_SIDE = 8192;

/** Version of the answers in journals and in the queue. Increase it when they change: no process continues or takes those of another. */
export const ANSWERS = 2;

export interface SlidePlan {
  readonly name: string;
  /** Micrometres per pixel of level 0. */
  readonly mpp: number;
  readonly settings: GridSettings;
  readonly frame: Frame;
  /** What is done with the slide's colour profile; null if it has none. */
  readonly profile: ProfileUse | null;
  /** One hash of everything that the slide's picture depends on. */
  readonly picture: string;
  /** Everything that the answers depend on. */
  readonly identity: JournalIdentity;
  /** One hash of everything that the results depend on. */
  readonly work: string;
}

/** Plans the work for an opened slide. @throws {InputError} `SLIDE_MODEL_SCALE`, `SLIDE_SCALE_MISSING` */
export async function planSlide(
  path: string,
  info: SlideInfo,
  model: ModelDirectory,
  options: SlideOptions,
): Promise<SlidePlan> {
  const { preprocessing, threshold, classes, familiar, files } = model.card;
  const { overlap = slideDefaults.overlap, leastTissue = slideDefaults.tissue, frame = slideDefaults.frame } = options;
  const { profile = slideDefaults.profile } = options;
  const { mpp, downsample } = scaleOf(path, info, model.card.mpp, options);
  const settings: GridSettings = { size: tileEdgeOf(preprocessing), downsample, overlap, leastTissue };
  // Name, size and time identify the slide.
  const { size, mtimeMs } = await stat(path);
  const name = basename(path);
  const file = { slide: name, bytes: size, modified: mtimeMs };
  const colours = { profile: info.profile === undefined ? null : profile };
  const identity = {
    format: `histo-slide-answers/${ANSWERS}`,
    ...file,
    ...colours,
    model: model.sha256,
    // Not among the hashed files of the model.
    preprocessing,
    familiar: familiar === undefined ? null : (files?.[familiar] ?? familiar),
    mpp,
    settings,
  };
  const picture = sha256(JSON.stringify([file, colours, preprocessing.bitDepth]));
  const work = sha256(JSON.stringify([{ ...identity, frame }, threshold, classes]));
  return { name, mpp, settings, frame, profile: colours.profile, picture, identity, work };
}

/**
 * Checks that tiles can be read in bounded memory.
 * @param info of a slide that is open: a picture has its smaller levels only then
 * @throws {InputError} `SLIDE_TILE_TOO_LARGE`
 */
export function mustFitTiles({ path, levels }: SlideInfo, settings: GridSettings): void {
  const { side } = tileReading(levels, settings);
  if (side <= MOST_TILE_SIDE) return;
  const problem = `${path}: a tile of the model has ${side} x ${side} pixels of the level it is read from, at most ${MOST_TILE_SIDE} are possible`;
  const message = `${problem}; check the scales (--mpp, --slide-mpp), or save the slide with smaller levels.`;
  throw new InputError("SLIDE_TILE_TOO_LARGE", message, { toClient: `${problem}; check the scales (mpp, slide_mpp).` });
}

/** Micrometres per pixel of the slide, and slide pixels per pixel of the model. */
function scaleOf(path: string, info: SlideInfo, cardMpp: number | undefined, options: SlideOptions) {
  const mpp = options.slideMpp ?? info.mpp ?? 0;
  const modelMpp = options.mpp ?? cardMpp;
  if (mpp > 0 && modelMpp !== undefined) return { mpp, downsample: modelMpp / mpp };
  if (mpp > 0) {
    const problem = `${options.model} does not give the scale of its tiles (micrometres per pixel)`;
    const message = `${problem}; give it with --mpp, such as --mpp 0.5.`;
    throw new InputError("SLIDE_MODEL_SCALE", message, { toClient: `${problem}; send mpp, such as 0.5.` });
  }
  const said = info.remarks.length > 0 ? `: ${info.remarks.join("; ")}` : "";
  const problem = `${path} does not give its scale (micrometres per pixel)${said}`;
  const message = `${problem}; give it with --slide-mpp, such as --slide-mpp 0.25.`;
  throw new InputError("SLIDE_SCALE_MISSING", message, { toClient: `${problem}; send slide_mpp, such as 0.25.` });
}
