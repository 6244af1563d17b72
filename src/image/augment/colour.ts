/** @module Changes brightness, contrast, saturation and hue in one pass over the pixels. */
import type { Random } from "../../random/index";
import { ChannelMix } from "./channel-mix";

/** Largest changes; factors are drawn from 1 - x to 1 + x (x at most 0.5), the hue from -x to x degrees. */
export interface ColourJitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** Luminance weights (Rec. 601) and the two chroma axes of YIQ, in which a hue change is a rotation. */
const TO_YIQ = [0.299, 0.587, 0.114, 0.595716, -0.274453, -0.321263, 0.211456, -0.522591, 0.311135] as const;
const FROM_YIQ = [1, 0.9563, 0.621, 1, -0.2721, -0.6474, 1, -1.107, 1.7046] as const;

/** Changes an image in place by amounts drawn from `random`. @param pixels uint8 RGB */
export function jitterColour(pixels: Uint8Array, limits: ColourJitter, random: Random): void {
  const factor = (limit: number) => random.uniform(1 - limit, 1 + limit);
  const [brightness, contrast, saturation] = [
    factor(limits.brightness),
    factor(limits.contrast),
    factor(limits.saturation),
  ];
  const angle = (random.uniform(-limits.hue, limits.hue) * Math.PI) / 180;
  const [cosine, sine] = [saturation * Math.cos(angle), saturation * Math.sin(angle)];
  const [yr, yg, yb, ir, ig, ib, qr, qg, qb] = TO_YIQ;
  const gain = brightness * contrast;
  const row = (fromI: number, fromQ: number) => {
    const [i, q] = [fromI * cosine + fromQ * sine, fromQ * cosine - fromI * sine];
    return [gain * (yr + i * ir + q * qr), gain * (yg + i * ig + q * qg), gain * (yb + i * ib + q * qb)] as const;
  };
  const weights = [
    ...row(FROM_YIQ[1], FROM_YIQ[2]),
    ...row(FROM_YIQ[4], FROM_YIQ[5]),
    ...row(FROM_YIQ[7], FROM_YIQ[8]),
  ];
  MIX.apply(pixels, weights, (1 - contrast) * brightness * meanLuminance(pixels));
}

/** Sums of bytes in sixteenths, in a range for the largest changes. */
const MIX = new ChannelMix({
  value: (byte) => byte,
  result: (sum) => Math.min(255, Math.max(0, Math.round(sum))),
  lowest: -1536,
  steps: 16,
});

/** Estimated from every eighth pixel. */
function meanLuminance(pixels: Uint8Array): number {
  let [r, g, b, count] = [0, 0, 0, 0];
  for (let at = 0; at + 2 < pixels.length; at += 24, count++) {
    r += pixels[at] as number;
    g += pixels[at + 1] as number;
    b += pixels[at + 2] as number;
  }
  return (0.299 * r + 0.587 * g + 0.114 * b) / Math.max(1, count);
}
