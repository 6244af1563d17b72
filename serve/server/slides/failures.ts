/** @module Why a slide failed, for clients: the command's messages name its options and the server's paths, which they do not have. */
import type { SlideState } from "../../core/index";

/** How a job ended without results. */
export type Failure = Required<Pick<SlideState, "status" | "problem">>;

/** Explanations of errors whose message advises an option of the command. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  DISK_FULL: "The server has no space left for the results.",
  OUT_UNUSABLE: "The server has no place for the results.",
  OPENSLIDE_MISSING: "Slides of this kind are read through OpenSlide, which the server does not have.",
  SLIDE_NO_TISSUE: "The slide shows no tissue, or too little in each tile: check the scales (mpp, slide_mpp).",
  SLIDE_MODEL_SCALE: "The model does not give the scale of its tiles: send mpp (micrometres per pixel), such as 0.5.",
  SLIDE_TILE_TOO_LARGE: "A tile of the model has too many pixels of the slide: check the scales (mpp, slide_mpp).",
  SLIDE_TOO_MANY_TILES: "The slide would have too many tiles: check the scales (mpp, slide_mpp) and the overlap.",
  SLIDE_SCALE_MISSING:
    "The slide does not give its scale, or one that is impossible: send slide_mpp (micrometres per pixel), such as 0.25.",
};

/** A failure with an explanation for clients. */
export function failure(code: string, detail: string): Failure {
  return { status: "failed", problem: { code, detail } };
}

/**
 * A failure of the process that predicted a slide.
 * @param names what clients know instead of paths of the server, longer paths first
 */
export function failureOf(
  code: string,
  message: string,
  names: readonly (readonly [path: string, name: string])[],
): Failure {
  const known = EXPLANATIONS[code];
  if (known !== undefined) return failure(code, known);
  const named = names.reduce((text, [path, name]) => text.replaceAll(path, name), message);
  return failure(code, withoutOptions(named));
}

/** A message without its parts that name an option of the command; they begin after a semicolon or colon. */
function withoutOptions(message: string): string {
  const parts = message.split(/(?<=[;:]) /);
  const kept = parts.filter((part) => !/(^|\s)--[a-z]/.test(part));
  if (kept.length === parts.length) return message;
  const text = kept.join(" ").replace(/[;:]$/, ".");
  return text || "It cannot be predicted.";
}
