/** @module Figures with plotly.js, which comes from this server and is loaded with the first figure. */
import { h } from "./dom.js";

/** @type {Promise<any> | undefined} */
let library;

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = h("script", { src: "vendor/plotly.min.js" });
    script.addEventListener("load", () => resolve(/** @type {any} */ (globalThis).Plotly));
    script.addEventListener("error", () => {
      library = undefined;
      reject(new Error("plotly.js could not be loaded."));
    });
    document.head.append(script);
  });
  return library;
}

/** Colours of the page as it is now, as plotly wants them. */
function palette() {
  // A variable is text; only a property that uses it has the colour of the scheme that holds.
  const probe = document.body.appendChild(h("span", { hidden: true }));
  const value = (/** @type {string} */ name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ink: value("--ink"),
    quiet: value("--quiet"),
    line: value("--line"),
    accent: value("--accent"),
    negative: value("--negative-fill"),
    positive: value("--positive-fill"),
    card: value("--card"),
  };
  probe.remove();
  return colours;
}

/** @typedef {ReturnType<typeof palette>} Palette */

/**
 * A figure in a card, drawn again when the colours change.
 * @param {string} title
 * @param {(colours: Palette) => {data: any[], layout?: any}} make
 * @param {{caption?: string, label?: string, level?: "h2" | "h3"}} [options] `label` describes the figure to those who
 * do not see it; `level` is that of its heading
 */
export function figure(title, make, { caption, label = title, level = "h2" } = {}) {
  const box = h("div.chart", { role: "img", "aria-label": label });
  const draw = async () => {
    const Plotly = await plotly();
    const colours = palette();
    const { data, layout = {} } = make(colours);
    await Plotly.react(box, data, merged(layout, colours), { displayModeBar: false, responsive: true });
  };
  const begin = () => {
    seen.disconnect();
    removeEventListener("beforeprint", print);
    draw().catch((error) => box.replaceChildren(h("p.notice.error", error.message)));
    const again = () => void draw();
    addEventListener("themechange", again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  };
  const seen = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) begin();
  });
  seen.observe(box);
  // Paper has no scrolling: a figure further down would be an empty box.
  const print = () => {
    if (box.isConnected) begin();
  };
  addEventListener("beforeprint", print);
  return h("section.card", h(`${level}.figure-title`, title), box, caption && h("p.hint", caption));
}

/** @param {any} layout @param {Palette} colours */
function merged(layout, { ink, quiet, line, accent, negative, positive }) {
  const axis = {
    automargin: true,
    gridcolor: line,
    linecolor: line,
    zeroline: false,
    tickfont: { color: quiet, size: 12 },
    tickcolor: line,
  };
  const named = (/** @type {any} */ own = {}) => {
    const words = typeof own.title === "string" ? own.title : own.title?.text;
    const title = words ? { title: { text: words, font: { color: quiet, size: 13 } } } : {};
    // More would print every digit between two powers of ten, one over the other.
    const few = own.type === "log" ? { nticks: 7 } : {};
    return { ...axis, ...few, ...own, ...title };
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, color: ink, size: 13 },
    colorway: [negative, positive, accent, "#228833", "#66ccee", "#ccbb44"],
    margin: { t: 12, r: 12, b: 48, l: 56 },
    legend: { orientation: "h", traceorder: "normal", y: 1.03, yanchor: "bottom", x: 0, font: { color: ink } },
    hoverlabel: { font: { size: 12 } },
    bargap: 0.35,
    dragmode: false,
    ...layout,
    xaxis: named(layout.xaxis),
    yaxis: named(layout.yaxis),
  };
}
