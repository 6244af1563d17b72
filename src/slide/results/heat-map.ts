/** @module `heatmap.png`: the thumbnail with the tiles' probabilities, a colour scale and a scale bar. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import { createCanvas, imageCanvas, TEXT_FONT } from "../../canvas/index";
import type { PredictedSlide } from "../predicted-slide";
import type { SlideLevel } from "../types";

const LONGEST_SIDE = 1600;
const LEAST_SIDE = 320;
const MARGIN = 16;
const LEGEND_WIDTH = 150;
const HEAD = 34;
const FOOT = 44;
const OPACITY = 0.6;

export async function heatMap(slide: PredictedSlide): Promise<Buffer> {
  const { width, height } = slide.info.levels[0] as SlideLevel;
  const longest = Math.min(LONGEST_SIDE, Math.max(LEAST_SIDE, Math.max(slide.thumbnail.width, slide.thumbnail.height)));
  const scale = longest / Math.max(width, height);
  const [mapWidth, mapHeight] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const total = [mapWidth + 3 * MARGIN + LEGEND_WIDTH, Math.max(mapHeight, 240) + HEAD + FOOT] as const;
  const canvas = await createCanvas(...total);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, ...total);
  context.fillStyle = "#222";
  context.font = `15px ${TEXT_FONT}`;
  context.fillText(`${slide.name}: ${slide.model.name}`, MARGIN, 22, total[0] - 2 * MARGIN);
  context.save();
  context.translate(MARGIN, HEAD);
  context.beginPath();
  context.rect(0, 0, mapWidth, mapHeight);
  context.clip();
  await drawThumbnail(context, slide, scale);
  drawTiles(context, slide, scale);
  context.restore();
  context.strokeStyle = "#999";
  context.strokeRect(MARGIN - 0.5, HEAD - 0.5, mapWidth + 1, mapHeight + 1);
  drawLegend(context, slide, mapWidth + 2 * MARGIN, HEAD);
  drawLength(context, slide, scale, mapWidth, HEAD + mapHeight);
  return canvas.encode("png");
}

async function drawThumbnail(context: SKRSContext2D, { thumbnail }: PredictedSlide, scale: number): Promise<void> {
  const { width, height, pixels, downsample } = thumbnail;
  const image = await imageCanvas(pixels, width, height);
  context.drawImage(image, 0, 0, width * downsample * scale, height * downsample * scale);
}

function drawTiles(context: SKRSContext2D, { tiles, grid }: PredictedSlide, scale: number): void {
  const side = grid.step * scale;
  // Draws only the centres of overlapping tiles. Neighbours share an edge, so that there is no gap and nothing is drawn twice.
  const inset = (grid.extent * scale - side) / 2;
  const edge = (index: number) => Math.round(index * side + inset);
  context.globalAlpha = OPACITY;
  for (const { column, row, logit, probability } of tiles) {
    if (Number.isNaN(logit)) continue;
    context.fillStyle = colourOf(probability);
    const [left, top] = [edge(column), edge(row)];
    context.fillRect(left, top, edge(column + 1) - left, edge(row + 1) - top);
  }
  context.globalAlpha = 1;
}

function drawLegend(context: SKRSContext2D, { model }: PredictedSlide, left: number, top: number): void {
  const [width, height] = [18, 200];
  context.fillStyle = "#222";
  context.font = `13px ${TEXT_FONT}`;
  context.fillText(`probability of ${model.classes[1]}`, left, top + 10, LEGEND_WIDTH);
  for (let i = 0; i < height; i++) {
    context.fillStyle = colourOf(1 - i / (height - 1));
    context.fillRect(left, top + 24 + i, width, 1);
  }
  context.fillStyle = "#222";
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    context.fillText(String(value), left + width + 8, top + 24 + (1 - value) * height + 4);
  }
  const at = top + 24 + (1 - model.threshold) * height;
  context.fillRect(left - 4, at - 1, width + 8, 2);
  context.fillText(`threshold ${Number(model.threshold.toFixed(3))}`, left + width + 42, at + 4, LEGEND_WIDTH - 60);
}

/** A scale bar of a round length in micrometres or millimetres, or in pixels if the scale is unknown. */
function drawLength(
  context: SKRSContext2D,
  { mpp }: PredictedSlide,
  scale: number,
  mapWidth: number,
  top: number,
): void {
  const unit = mpp > 0 ? mpp : 1;
  const most = (mapWidth / 4 / scale) * unit;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power;
  const text = mpp > 0 ? (length >= 1000 ? `${length / 1000} mm` : `${length} µm`) : `${length} pixels`;
  context.fillStyle = "#222";
  context.fillRect(MARGIN, top + 12, (length / unit) * scale, 4);
  context.font = `13px ${TEXT_FONT}`;
  context.fillText(text, MARGIN, top + 34);
}

/** Viridis at ten points: perceptually uniform and suitable for colour-blind readers. @see https://bids.github.io/colormap/ */
const STOPS: readonly (readonly [red: number, green: number, blue: number])[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
];

function colourOf(probability: number): string {
  const place = Math.min(1, Math.max(0, probability)) * (STOPS.length - 1);
  const before = Math.min(STOPS.length - 2, Math.floor(place));
  const part = place - before;
  const [low, high] = [STOPS[before]!, STOPS[before + 1]!];
  return `rgb(${low.map((value, c) => Math.round(value * (1 - part) + (high[c] as number) * part)).join(",")})`;
}
