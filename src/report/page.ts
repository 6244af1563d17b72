/** @module Writes sections as one HTML file that contains plotly, figures and images and needs no network. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "../files/index";
import { escapeHtml } from "../format/index";
import { darkTemplate, type Figure, lightTemplate } from "../plots/index";
import type { Block, Section } from "./facts";
import { STYLE } from "./style";

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
