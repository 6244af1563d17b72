import assert from "node:assert/strict";
import { test } from "node:test";
import { colours, darkTemplate, lightTemplate } from "../../src/plots/index";

type Triple = [number, number, number];

/** Linear light of `#RRGGBB`, each channel from 0 to 1. */
function linear(colour: string): Triple {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Triple;
}

function times(matrix: readonly Triple[], vector: Triple): Triple {
  return matrix.map((row) => row.reduce((sum, value, i) => sum + value * (vector[i] as number), 0)) as Triple;
}

/** CIELAB under D65. */
function lab(rgb: Triple): Triple {
  const xyz = times(
    [
      [0.4124, 0.3576, 0.1805],
      [0.2126, 0.7152, 0.0722],
      [0.0193, 0.1192, 0.9505],
    ],
    rgb,
  );
  const [x, y, z] = xyz.map((value, i) => {
    const share = Math.max(0, value) / ([0.9505, 1, 1.089][i] as number);
    return share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116;
  }) as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Full colour deficiencies (Machado, Oliveira, Fernandes 2009). */
const VISIONS: Readonly<Record<string, readonly Triple[]>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function difference(a: string, b: string, vision: readonly Triple[]): number {
  const [p, q] = [a, b].map((colour) => lab(times(vision, linear(colour)))) as [Triple, Triple];
  return Math.hypot(...p.map((value, i) => value - (q[i] as number)));
}

for (const [name, vision] of Object.entries(VISIONS)) {
  test(`the two classes and the lines of a figure are told apart with ${name} vision`, () => {
    const classes = difference(colours.negative, colours.positive, vision);
    assert.ok(classes > 30, `classes differ by ${classes.toFixed(1)}`);
    const lines = colours.series.slice(0, 4);
    for (const [i, a] of lines.entries()) {
      for (const b of lines.slice(i + 1)) {
        const apart = difference(a, b, vision);
        assert.ok(apart > 12, `${a} and ${b} differ by ${apart.toFixed(1)}`);
      }
    }
  });
}

/** Contrast of two colours (WCAG 2). */
function contrast(a: string, b: string): number {
  const [dark, light] = [a, b]
    .map((colour) => times([[0.2126, 0.7152, 0.0722]], linear(colour))[0])
    .sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test("texts can be read on both papers", () => {
  for (const { layout = {} } of [lightTemplate, darkTemplate]) {
    const paper = String(layout.paper_bgcolor);
    for (const text of [layout.font?.color, layout.xaxis?.tickfont?.color]) {
      assert.ok(contrast(String(text), paper) > 4.5, `${text} on ${paper}`);
    }
    for (const line of colours.series.slice(0, 4)) {
      assert.ok(contrast(line, paper) > 2.4, `${line} on ${paper}: ${contrast(line, paper)}`);
    }
  }
});
