/**
 * @module A simulated page for plotly: jsdom, with the two things that it lacks and plotly needs, a canvas and the
 * measures of text. Texts are measured in the font that they are drawn in, so labels get the room they need.
 */
import type { Canvas } from "@napi-rs/canvas";
import { loadFonts } from "./canvas";
import { fontFamily, installMeasures } from "./text-measures";

/** Draws figures as SVG. */
export interface Page {
  draw(data: readonly object[], layout: object, width: number, height: number): Promise<string>;
}

interface PlotlyModule {
  newPlot(element: unknown, data: unknown, layout: object, config: object): Promise<unknown>;
  toImage(element: unknown, options: object): Promise<string>;
  purge(element: unknown): void;
}

/** @param plotly source of plotly.js @param fonts families for the texts, best first */
export async function createPage(plotly: string, fonts: string): Promise<Page> {
  await loadFonts();
  const { JSDOM, VirtualConsole } = await import("jsdom");
  const canvasLibrary = await import("@napi-rs/canvas");
  const createCanvas = (width: number, height: number): Canvas => canvasLibrary.createCanvas(width, height);
  const { window } = new JSDOM("<!doctype html><body></body>", {
    runScripts: "outside-only",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  const canvases = new WeakMap<object, Canvas>();
  const canvasBehind = (element: { width: number; height: number }) => {
    const [width, height] = [element.width || 1, element.height || 1];
    const known = canvases.get(element);
    if (known?.width === width && known.height === height) return known;
    const canvas = createCanvas(width, height);
    canvases.set(element, canvas);
    return canvas;
  };
  Object.assign(window.HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvas, type: string) {
      return type === "2d" ? canvasBehind(this).getContext("2d") : null;
    },
    toDataURL(this: HTMLCanvas) {
      return canvasBehind(this).toDataURL("image/png");
    },
  });
  window.URL.createObjectURL ??= () => "";
  const family = await fontFamily(fonts);
  installMeasures(window.SVGElement.prototype, createCanvas(1, 1).getContext("2d"), family);
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
          {
            staticPlot: true,
          },
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
