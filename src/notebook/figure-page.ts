/**
 * @module A simulated page for plotly: jsdom, with the canvas and the text measures that it lacks and plotly needs. Texts
 * are measured in the font they are drawn in, so labels get the room they need.
 */
import type { Canvas } from "@napi-rs/canvas";
import { type Box, localBox, pageBox } from "./svg-boxes";
import { fontFamily, pathLength, pointAlong, type SvgElement, TextMeasure } from "./svg-measures";

/** Draws figures as SVG. */
export interface Page {
  draw(data: readonly object[], layout: object, width: number, height: number): Promise<string>;
}

interface PlotlyModule {
  newPlot(element: unknown, data: unknown, layout: object, config: object): Promise<unknown>;
  toImage(element: unknown, options: object): Promise<string>;
  purge(element: unknown): void;
}

/** @param plotly source of plotly.js @param fonts font families, best first */
export async function createPage(plotly: string, fonts: string): Promise<Page> {
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
