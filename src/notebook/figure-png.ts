/** @module Plotly figures as PNG in plain Node: plotly draws SVG in a simulated page, and sharp renders it. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Canvas } from "@napi-rs/canvas";
import { TEXT_FONT } from "../canvas/index";
import { InputError } from "../errors/index";
import { projectRoot } from "../files/index";
import { Limit } from "../machine/index";
import {
  type Box,
  fontFamily,
  localBox,
  pageBox,
  pathLength,
  pointAlong,
  type SvgElement,
  TextMeasure,
} from "./svg-boxes";

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

interface Page {
  draw(data: readonly object[], layout: object, width: number, height: number): Promise<string>;
}

interface PlotlyModule {
  newPlot(element: unknown, data: unknown, layout: object, config: object): Promise<unknown>;
  toImage(element: unknown, options: object): Promise<string>;
  purge(element: unknown): void;
}

/** @param plotly source of plotly.js @param fonts font families, best first */
async function createPage(plotly: string, fonts: string): Promise<Page> {
  const { JSDOM, VirtualConsole } = await import("jsdom");
  const canvasLibrary = await import("@napi-rs/canvas");
  const createCanvas = (width: number, height: number): Canvas => canvasLibrary.createCanvas(width, height);
  const { window } = new JSDOM("<!doctype html><body></body>", {
    runScripts: "outside-only",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  const canvases = new WeakMap<object, Canvas>();
  const canvasOf = (element: { width: number; height: number }) => {
    const [width, height] = [element.width || 1, element.height || 1];
    const known = canvases.get(element);
    if (known?.width === width && known.height === height) return known;
    const canvas = createCanvas(width, height);
    canvases.set(element, canvas);
    return canvas;
  };
  Object.assign(window.HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvas, type: string) {
      return type === "2d" ? canvasOf(this).getContext("2d") : null;
    },
    toDataURL(this: HTMLCanvas) {
      return canvasOf(this).toDataURL("image/png");
    },
  });
  window.URL.createObjectURL ??= () => "";
  const family = await fontFamily(fonts);
  installMeasures(window.SVGElement.prototype, new TextMeasure(createCanvas(1, 1).getContext("2d"), family));
  window.eval(plotly);
  const Plotly = (window as unknown as { Plotly: PlotlyModule }).Plotly;

  return {
    async draw(data, layout, width, height) {
      const element = window.document.createElement("div");
      window.document.body.appendChild(element);
      try {
        await Plotly.newPlot(
          element,
          structuredClone(data),
          { ...structuredClone(layout), width, height },
          { staticPlot: true },
        );
        const svg = await Plotly.toImage(element, { format: "svg", width, height, imageDataOnly: true });
        return svg.replace(/font-family:[^;]+?(?=;|")/g, `font-family: ${family}`);
      } finally {
        Plotly.purge(element);
        element.remove();
      }
    },
  };
}

type HTMLCanvas = { width: number; height: number };

/** Gives SVG elements the measuring methods of a browser. */
function installMeasures(prototype: object, measure: TextMeasure): void {
  const rectangle = ({ left, top, right, bottom }: Box) => ({
    ...{ left, top, right, bottom },
    ...{ x: left, y: top, width: right - left, height: bottom - top },
  });
  Object.assign(prototype, {
    getBBox(this: SvgElement) {
      return rectangle(localBox(this, measure));
    },
    getBoundingClientRect(this: SvgElement) {
      return rectangle(pageBox(this, measure));
    },
    getComputedTextLength(this: SvgElement) {
      return measure.of(this).width;
    },
    getTotalLength(this: SvgElement) {
      return pathLength(this.getAttribute("d") ?? "");
    },
    getPointAtLength(this: SvgElement, length: number) {
      return pointAlong(this.getAttribute("d") ?? "", length);
    },
  });
}
