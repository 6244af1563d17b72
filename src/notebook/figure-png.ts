/** @module Plotly figures as PNG in plain Node: plotly draws SVG in a simulated page, and sharp renders it. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { TEXT_FONT } from "../canvas/index";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import { Limit } from "../machine/index";
import { createPage, type Page } from "./figure-page";

/** Traces that plotly draws as SVG. The others need WebGL or map tiles, which plain Node lacks. */
const DRAWABLE = new Set(
  (
    "scatter bar box violin histogram histogram2d histogram2dcontour contour heatmap image pie sunburst treemap icicle " +
    "funnel funnelarea waterfall indicator table sankey scatterpolar barpolar scatterternary candlestick ohlc parcats"
  ).split(" "),
);

let page: Promise<Page> | undefined;
/** Figures are drawn one after the other, because plotly keeps state in its page. */
const turns = new Limit(1);

/**
 * Draws a figure on white.
 * @param size in CSS pixels; the PNG has `scale` times as many. Notebooks use 1, because JupyterLab shows an image next to
 * an interactive figure at its natural size.
 * @throws {InputError} `FIGURE_NOT_DRAWABLE` for 3D traces, maps and WebGL traces
 */
export async function figureToPng(
  figure: { readonly data: readonly object[]; readonly layout?: object },
  { width, height, scale = 1 }: { width: number; height: number; scale?: number },
): Promise<Buffer> {
  const data = figure.data.map(drawableTrace);
  const svg = await turns.run(async () => {
    page ??= openPage();
    return (await page).draw(data, figure.layout ?? {}, width, height);
  });
  const { default: sharp } = await import("sharp");
  return sharp(Buffer.from(svg), { density: 72 * scale })
    .resize(width * scale, height * scale)
    .flatten({ background: "white" })
    .png({ palette: true, quality: 95 })
    .toBuffer();
}

function drawableTrace(trace: object): object {
  const { type = "scatter" } = trace as { type?: string };
  if (type === "scattergl") return { ...trace, type: "scatter" };
  if (type === "scatterpolargl") return { ...trace, type: "scatterpolar" };
  if (DRAWABLE.has(type)) return trace;
  const message = `A trace of type ${type} cannot be drawn as a picture here; use one of ${[...DRAWABLE].join(", ")}.`;
  throw new InputError("FIGURE_NOT_DRAWABLE", message);
}

async function openPage(): Promise<Page> {
  const require = createRequire(join(projectRoot(), "package.json"));
  return createPage(await readFile(require.resolve("plotly.js-dist-min"), "utf8"), TEXT_FONT);
}
