/** @module Writes sections as one HTML file that contains plotly, figures and images and needs no network. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "../files/index";
import { escapeHtml } from "../format/index";
import { darkTemplate, type Figure, lightTemplate } from "../plots/index";
import type { Block, Section } from "./facts";

/** Draws the figures at once, when theme or width change, and in the light theme for print. */
const SCRIPT = `
const root = document.documentElement, data = JSON.parse(document.getElementById("figures").textContent);
const WIDEST = 1.3, ON_PAPER = 560;
function draw(paper = false) {
  const template = data.templates[paper ? "light" : root.dataset.theme];
  data.figures.forEach((figure, i) => {
    const element = document.getElementById("figure-" + i);
    const width = paper ? ON_PAPER : Math.min(WIDEST * figure.layout.width, element.parentElement.clientWidth);
    Plotly.react(element, figure.data, { ...figure.layout, width, template }, { displaylogo: false, displayModeBar: false });
  });
}
function turn(theme) { root.dataset.theme = theme; draw(); }
const dark = matchMedia("(prefers-color-scheme: dark)");
turn(dark.matches ? "dark" : "light");
dark.addEventListener("change", (event) => turn(event.matches ? "dark" : "light"));
addEventListener("resize", () => draw());
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw());
document.getElementById("theme").addEventListener("click", () => turn(root.dataset.theme === "dark" ? "light" : "dark"));
`;

/** Creates the page. @param command the command that writes it, for the footer */
export async function reportPage(
  title: string,
  subtitle: string,
  sections: readonly Section[],
  command = "histo evaluate --report",
): Promise<string> {
  const figures: Figure[] = [];
  const body = sections.map(({ id, title, blocks }) => {
    const parts = grouped(blocks, figures);
    return `<section id="${id}"><h2>${escapeHtml(title)}</h2>${parts}</section>`;
  });
  const links = sections.map(({ id, title }) => `<a href="#${id}">${escapeHtml(title.split(":")[0] as string)}</a>`);
  const require = createRequire(join(projectRoot(), "package.json"));
  const plotly = await readFile(require.resolve("plotly.js-cartesian-dist-min"), "utf8");
  const templates = { light: lightTemplate, dark: darkTemplate };
  // The page holds each template once.
  const stripped = figures.map(({ data, layout: { template: _, ...layout } }) => ({ data, layout }));
  return `<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><button id="theme" type="button">light / dark</button><h1>${escapeHtml(title)}</h1><p class="quiet">${escapeHtml(subtitle)}</p><nav aria-label="Sections">${links.join("")}</nav></header>
<main>
${body.join("\n")}
</main>
<footer>Written by <code>${command}</code> on ${new Date().toISOString().slice(0, 10)}. This file is complete in itself and loads nothing from anywhere.</footer>
<noscript><p class="caution">The figures need JavaScript; tables and text do not.</p></noscript>
<script id="figures" type="application/json">${scriptSafe(JSON.stringify({ figures: stripped, templates }))}</script>
<script>${plotly.replace(/<\/script/gi, "<\\/script")}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Blocks as HTML; successive figures stand side by side if there is room. */
function grouped(blocks: readonly Block[], figures: Figure[]): string {
  let html = "";
  let open = false;
  for (const block of blocks) {
    if (typeof block === "string") {
      html += `${open ? "</div>" : ""}${block}`;
      open = false;
      continue;
    }
    const plot = `<div id="figure-${figures.length}" style="min-height:${block.figure.layout.height ?? 0}px"></div>`;
    html += `${open ? "" : '<div class="plots">'}<figure class="plot">${plot}<figcaption>${escapeHtml(block.caption)}</figcaption></figure>`;
    open = true;
    figures.push(block.figure);
  }
  return html + (open ? "</div>" : "");
}

/** Escapes JSON so that it cannot end its script element. */
function scriptSafe(json: string): string {
  return json.replace(/</g, "\\u003c");
}

const STYLE = `
:root { --paper: #ffffff; --text: #24292f; --quiet: #57606a; --line: #d0d7de; --card: #f6f8fa; --accent: #4477aa; --caution: #fff8e6; --caution-line: #d4a72c; color-scheme: light; }
:root[data-theme="dark"] { --paper: #161b22; --text: #e6edf3; --quiet: #9da7b3; --line: #30363d; --card: #1f262e; --accent: #7fb2e5; --caution: #2d2718; --caution-line: #9a7b1f; color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text); font: 15px/1.55 Inter, "Segoe UI", "Helvetica Neue", Helvetica, Arial, sans-serif; }
main, header, footer { max-width: 1560px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 48px 0 12px; padding-top: 12px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 24px 0 8px; }
p { margin: 10px 0; max-width: 78ch; }
.quiet, small, figcaption, .ci { color: var(--quiet); }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 16px 0; font-size: 14px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 16px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.card .name { font-size: 13px; color: var(--quiet); }
.card .value { font-size: 28px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.card .ci { font-size: 13px; }
.caution { background: var(--caution); border-left: 4px solid var(--caution-line); padding: 8px 12px; border-radius: 4px; }
.scroll { overflow-x: auto; margin: 14px 0; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: 4px 0; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; min-width: calc(6ch + 24px); }
.ci { white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; }
tbody th { font-weight: 500; }
th small { display: block; font-weight: 400; font-size: 12px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 8px 24px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); gap: 0 40px; align-items: start; }
figure { margin: 12px 0; min-width: 0; }
figure.plot figcaption { max-width: 62ch; font-size: 13px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; }
figure.tile { width: 160px; margin: 0; font-size: 12px; overflow-wrap: anywhere; }
figure.tile img, .absent { display: block; width: 160px; height: 160px; border: 1px solid var(--line); border-radius: 4px; }
.absent { display: grid; place-items: center; color: var(--quiet); background: var(--card); }
figure.explained { width: fit-content; max-width: 100%; }
figure.explained img { width: auto; max-width: 100%; height: auto; }
details { margin: 12px 0; }
summary { cursor: pointer; }
button { font: inherit; font-size: 13px; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; cursor: pointer; float: right; }
footer { padding: 32px 20px 48px; color: var(--quiet); font-size: 13px; }
@page { size: A4; margin: 14mm; }
@media print {
  :root, :root[data-theme="dark"] { --paper: #ffffff; --text: #24292f; --quiet: #57606a; --line: #d0d7de; --card: #f6f8fa; --caution: #fff8e6; --caution-line: #d4a72c; color-scheme: light; }
  body { font-size: 10pt; }
  main, header, footer { padding: 0; max-width: none; }
  header { padding-top: 0; }
  button, nav { display: none; }
  h2, h3 { break-after: avoid; }
  .plots { grid-template-columns: 1fr 1fr; gap: 4px 12px; }
  .plots > .plot { zoom: 0.58; margin: 0; }
  .plots > .plot:only-child { grid-column: 1 / -1; zoom: 0.9; }
  .plots > .plot figcaption { font-size: 15px; }
  .columns { display: block; }
  .cards { grid-template-columns: repeat(4, 1fr); }
  .card .value { font-size: 20px; }
  table { font-size: 8.5pt; }
  th, td { padding-block: 3px; }
  figure.tile, figure.tile img, figure.tile .absent { width: 104px; }
  figure.tile img, figure.tile .absent { height: 104px; }
  figure.explained { zoom: 0.64; width: fit-content; }
  figure.explained img { width: auto; height: auto; }
  figure.explained figcaption { font-size: 15px; }
  .scroll { overflow: visible; }
  .card, tr, figure, .caution { break-inside: avoid; }
}
`;
