/**
 * @module Shows plotly figures: interactive in JupyterLab, as an image elsewhere. Each output holds the figure itself, a
 * PNG and a text, but no HTML: front ends would prefer it, and GitHub strips its scripts.
 */
import { type Bundle, display, LiveDisplay } from "./display";
import { figureToPng } from "./figure-png";

export interface Figure {
  readonly data: readonly object[];
  readonly layout?: object;
  readonly config?: object;
}

/** Size in CSS pixels. */
interface FigureSize {
  readonly width?: number;
  readonly height?: number;
}

const DEFAULT_SIZE = { width: 700, height: 420 };
/** For figures without a template. Plotly's own margins leave a third of a small figure empty. */
const DEFAULT_MARGIN = { t: 56, r: 32, b: 56, l: 64 };

/** Time between two drawings of a live figure. */
const EVERY_MS = 1000;

export async function displayFigure(figure: Figure, size: FigureSize = {}): Promise<void> {
  display(await figureBundle(figure, size));
}

/**
 * A figure that grows while work goes on, such as learning curves. Call `update` at any rate, then `finish` once. It is
 * drawn at most once a second.
 */
export class LiveFigure {
  private readonly output = new LiveDisplay();
  private shownAt = 0;
  private latest: Figure | undefined;

  /** Shows a newer state. Resolves when it is drawn, or at once if the last one is too recent. */
  async update(figure: Figure): Promise<void> {
    this.latest = figure;
    if (Date.now() - this.shownAt < EVERY_MS) return;
    await this.draw(figure);
    this.shownAt = Date.now();
  }

  /** Draws the last state. */
  async finish(): Promise<void> {
    if (this.latest) await this.draw(this.latest);
  }

  private async draw(figure: Figure): Promise<void> {
    this.output.set(await figureBundle(figure, {}));
  }
}

async function figureBundle(figure: Figure, size: FigureSize): Promise<Bundle> {
  const { width, height } = { ...DEFAULT_SIZE, ...sizeOf(figure), ...size };
  const data = JSON.parse(JSON.stringify(figure.data, plainArrays));
  const own = JSON.parse(JSON.stringify(figure.layout ?? {}, plainArrays));
  const margin = own.template ? {} : { margin: { ...DEFAULT_MARGIN, ...own.margin } };
  const layout = { ...own, ...margin, width, height };
  return {
    "application/vnd.plotly.v1+json": { data, layout, config: { displaylogo: false, ...figure.config } },
    "image/png": await figureToPng({ data, layout }, { width, height }),
    "text/plain": `[figure: ${titleOf(layout) ?? "untitled"}]`,
  };
}

function sizeOf({ layout = {} }: Figure): FigureSize {
  const { width, height } = layout as { width?: unknown; height?: unknown };
  return { ...(typeof width === "number" && { width }), ...(typeof height === "number" && { height }) };
}

function titleOf(layout: { title?: string | { text?: string } }): string | undefined {
  const title = typeof layout.title === "string" ? layout.title : layout.title?.text;
  return title?.replace(/<[^>]*>/g, " ").trim();
}

/** Turns typed arrays into plain ones: JSON would write them as objects. */
function plainArrays(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as unknown as ArrayLike<unknown>)
    : value;
}
