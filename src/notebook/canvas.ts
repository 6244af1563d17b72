/** @module The canvas that figures and image grids are drawn on, and the font of their texts. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Canvas } from "@napi-rs/canvas";
import { projectRoot } from "../files/index";

/** Families for texts, best first. */
export const TEXT_FONT = '"Open Sans", "Liberation Sans", Arial, Helvetica, "DejaVu Sans", sans-serif';

let fontsLoaded: Promise<void> | undefined;

/**
 * Makes sure that there is a font. A machine without any (a bare container) gets the one that comes with the Python
 * tools, where these are installed.
 */
export function loadFonts(): Promise<void> {
  fontsLoaded ??= (async () => {
    const { GlobalFonts } = await import("@napi-rs/canvas");
    if (GlobalFonts.families.length > 0) return;
    const libraries = join(projectRoot(), ".venv", "lib");
    if (!existsSync(libraries)) return;
    for (const python of await readdir(libraries)) {
      const folder = join(libraries, python, "site-packages", "matplotlib", "mpl-data", "fonts", "ttf");
      if (existsSync(folder)) GlobalFonts.loadFontsFromDir(folder);
    }
  })();
  return fontsLoaded;
}

/** A new canvas of the given size in pixels. */
export async function createCanvas(width: number, height: number): Promise<Canvas> {
  const canvas = await import("@napi-rs/canvas");
  return canvas.createCanvas(width, height);
}
