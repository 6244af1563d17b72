import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { displayFigure, figureToPng } from "../../src/notebook/index";

const SIZE = { width: 500, height: 320 };

/** Rows and columns of the picture that hold anything but white, as `[first, last]`. */
async function inkedArea(png: Buffer) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const area = { left: info.width, right: -1, top: info.height, bottom: -1 };
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const at = (y * info.width + x) * 3;
      if ((data[at] ?? 255) + (data[at + 1] ?? 255) + (data[at + 2] ?? 255) > 720) continue;
      area.left = Math.min(area.left, x);
      area.right = Math.max(area.right, x);
      area.top = Math.min(area.top, y);
      area.bottom = Math.max(area.bottom, y);
    }
  }
  return { ...area, width: info.width, height: info.height };
}

test("a figure becomes a PNG of the size asked for", async () => {
  const png = await figureToPng({ data: [{ y: [1, 3, 2] }], layout: { title: { text: "Loss" } } }, SIZE);
  const { width, height } = await sharp(png).metadata();
  assert.deepEqual({ width, height }, SIZE);
  const dense = await figureToPng({ data: [{ y: [1, 3, 2] }] }, { ...SIZE, scale: 2 });
  assert.equal((await sharp(dense).metadata()).width, 2 * SIZE.width);
});

test("long axis labels, bar labels and legends are not cut off at the edges", async () => {
  const names = ["sessile serrated adenoma, well differentiated", "hyperplastic polyp of the right colon", "other"];
  const figures = {
    "horizontal bars": {
      data: [
        {
          type: "bar",
          orientation: "h",
          y: names,
          x: [10, 20, 5],
          text: ["10 (28.57 %)", "20 (57.14 %)", "5"],
          textposition: "outside",
        },
      ],
      layout: { yaxis: { automargin: true }, margin: { l: 10, r: 10, t: 30, b: 30 } },
    },
    "a long legend": {
      data: names.map((name, i) => ({ y: [i, i + 1], name, mode: "lines" })),
      layout: { margin: { l: 30, r: 10, t: 30, b: 30 } },
    },
  };
  for (const [kind, figure] of Object.entries(figures)) {
    const area = await inkedArea(await figureToPng(figure, { width: 800, height: 320 }));
    assert.ok(area.left > 0 && area.right < area.width - 1, `${kind} reaches the edge: ${JSON.stringify(area)}`);
    assert.ok(area.right > area.width / 2, `${kind} is drawn: ${JSON.stringify(area)}`);
  }
});

test("heat map cells keep sharp edges", async () => {
  const figure = {
    data: [
      {
        type: "heatmap",
        z: [[0, 1]],
        colorscale: [
          [0, "#000000"],
          [1, "#ff0000"],
        ],
        showscale: false,
      },
    ],
    layout: { margin: { l: 0, r: 0, t: 0, b: 0 }, xaxis: { visible: false }, yaxis: { visible: false } },
  };
  const png = await figureToPng(figure, { width: 200, height: 100 });
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const reds = Array.from({ length: 200 }, (_, x) => data[(50 * 200 + x) * 3] ?? 0);
  const between = reds.filter((red) => red > 20 && red < 235).length;
  assert.ok(reds[20] === 0 && reds[180] === 255, `black on the left, red on the right: ${reds[20]}, ${reds[180]}`);
  assert.ok(between <= 2, `${between} columns between the two colours`);
});

test("every kind of trace that is drawn leaves ink on the page", async () => {
  const traces: Record<string, object> = {
    scatter: { x: [1, 2], y: [1, 2] },
    scattergl: { x: [1, 2], y: [1, 2] },
    bar: { x: ["a", "b"], y: [1, 2] },
    box: { y: [1, 2, 3, 9] },
    violin: { y: [1, 2, 3, 9] },
    histogram: { x: [1, 1, 2, 3] },
    heatmap: {
      z: [
        [1, 2],
        [3, 4],
      ],
    },
    contour: {
      z: [
        [1, 2],
        [3, 4],
      ],
    },
    pie: { values: [3, 4], labels: ["a", "b"] },
  };
  const empty = await inkedArea(await figureToPng({ data: [], layout: { xaxis: { visible: false } } }, SIZE));
  for (const [type, trace] of Object.entries(traces)) {
    const layout = { xaxis: { visible: false }, yaxis: { visible: false } };
    const area = await inkedArea(await figureToPng({ data: [{ type, ...trace }], layout }, SIZE));
    assert.ok(area.right - area.left > 50, `${type}: ${JSON.stringify(area)} against ${JSON.stringify(empty)}`);
  }
});

test("traces that cannot be drawn are refused by name", async () => {
  for (const type of ["scatter3d", "surface", "scattermap", "parcoords"]) {
    await assert.rejects(figureToPng({ data: [{ type }] }, SIZE), {
      code: "FIGURE_NOT_DRAWABLE",
      message: new RegExp(`type ${type} `),
    });
  }
});

test("figures drawn at the same time do not mix", async () => {
  const figure = (y: number[]) => ({ data: [{ y }], layout: { title: { text: String(y) } } });
  const [a, b] = await Promise.all([figureToPng(figure([1, 2, 3]), SIZE), figureToPng(figure([3, 1, 2]), SIZE)]);
  assert.ok(a.equals(await figureToPng(figure([1, 2, 3]), SIZE)));
  assert.ok(b.equals(await figureToPng(figure([3, 1, 2]), SIZE)));
});

test("outside a notebook nothing is shown and nothing fails", async () => {
  await displayFigure({ data: [{ y: Float32Array.of(1, 2) }] });
});
