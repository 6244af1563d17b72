/** @module Changes of brightness, contrast, saturation and hue, all in one pass over the pixels. */
import type { Random } from "../../random/index";

/** Largest changes; factors are drawn from 1 - x to 1 + x, the hue from -x to x degrees. */
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
  const row = (fromI: number, fromQ: number) => {
    const [i, q] = [fromI * cosine + fromQ * sine, fromQ * cosine - fromI * sine];
    const gain = brightness * contrast;
    return [gain * (yr + i * ir + q * qr), gain * (yg + i * ig + q * qg), gain * (yb + i * ib + q * qb)] as const;
  };
  const [rr, rg, rb] = row(FROM_YIQ[1], FROM_YIQ[2]);
  const [gr, gg, gb] = row(FROM_YIQ[4], FROM_YIQ[5]);
  const [br, bg, bb] = row(FROM_YIQ[7], FROM_YIQ[8]);
  const shift = (1 - contrast) * brightness * meanLuminance(pixels) + 0.5;
  for (let at = 0; at < pixels.length; at += 3) {
    const [r, g, b] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
    pixels[at] = clamp(rr * r + rg * g + rb * b + shift);
    pixels[at + 1] = clamp(gr * r + gg * g + gb * b + shift);
    pixels[at + 2] = clamp(br * r + bg * g + bb * b + shift);
  }
}

/** Every fourth pixel is enough for a mean. */
function meanLuminance(pixels: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (let at = 0; at + 2 < pixels.length; at += 12, count++) {
    sum += 0.299 * (pixels[at] as number) + 0.587 * (pixels[at + 1] as number) + 0.114 * (pixels[at + 2] as number);
  }
  return sum / Math.max(1, count);
}

function clamp(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}
