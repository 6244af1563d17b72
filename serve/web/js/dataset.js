/** @module What the images of the source are: classes, parts, votes. */
import { images, info } from "./api.js";
import { figure } from "./charts.js";
import { counted, h, intro, percent } from "./dom.js";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [{ source, total, images: entries }, { models }] = await Promise.all([images(), info()]);
  if (total === 0) {
    return h(
      "div",
      intro("Data set"),
      h("p.notice", "This server has no image source. Start it with --images to see its data set here."),
    );
  }
  const labelled = entries.filter((entry) => entry.class);
  const positive = models[0]?.classes[1];
  const classes = [...new Set(labelled.map((entry) => entry.class))].sort(
    (a, b) => Number(a === positive) - Number(b === positive),
  );
  const voted = entries.filter((entry) => entry.votes);
  const described = labelled.length > 0 ? ", as its label table describes it" : "";
  const head = intro("Data set", `“${source.label}”${described}: ${counted(total, "image")}.`);
  if (source.drawn) head.append(h("p", "These tiles are synthetic and the votes simulated: they show no real tissue."));
  const figures = [];
  if (classes.length > 0) figures.push(balance(labelled, classes));
  if (voted.length > 0) figures.push(...votes(voted, classes, positive ?? "the positive class", source.drawn));
  return h(
    "div",
    head,
    h(
      "dl.tiles",
      tile("Images", total.toLocaleString("en")),
      ...classes.map((name) => {
        const share = labelled.filter((entry) => entry.class === name).length / labelled.length;
        return tile(name, percent(share));
      }),
      voted.length > 0 && tile("Unanimous", percent(voted.filter(unanimous).length / voted.length)),
    ),
    figures.length > 0
      ? h("div.grid", ...figures)
      : h("p.notice", "The image source has no label table, so there are no labels."),
  );
}

/** @param {string} name @param {string} value */
export function tile(name, value) {
  return h("div", h("dt", name), h("dd", value));
}

/** @param {{votes: {positive: number, total: number}}} entry */
function unanimous({ votes: { positive, total } }) {
  return positive === 0 || positive === total;
}

/** Numbers stand above their bars, where their contrast does not depend on the bar's colour. */
const ABOVE = { textposition: "outside", cliponaxis: false };

/** @param {any[]} entries @param {string[]} classes */
function balance(entries, classes) {
  const parts = [...new Set(entries.map((entry) => entry.partition ?? "all"))];
  const countOf = (/** @type {string} */ name, /** @type {string} */ part) =>
    entries.filter((entry) => entry.class === name && (entry.partition ?? "all") === part).length;
  const counts = classes.map((name) => parts.map((part) => countOf(name, part)));
  return figure(
    "Classes in each part",
    ({ negative, positive }) => ({
      data: classes.map((name, i) => ({
        type: "bar",
        name,
        x: parts,
        y: counts[i],
        text: counts[i].map(String),
        ...ABOVE,
        marker: { color: [negative, positive][i] },
        hovertemplate: `${name}, %{x}: %{y}<extra></extra>`,
      })),
      layout: { barmode: "group", yaxis: { title: "Images" } },
    }),
    {
      label: `Images by class: ${classes.map((name, i) => `${name} ${parts.map((part, j) => `${part} ${counts[i][j]}`).join(", ")}`).join("; ")}`,
    },
  );
}

/** @param {any[]} entries @param {string[]} classes @param {string} positive @param {boolean} drawn the votes are simulated */
function votes(entries, classes, positive, drawn) {
  const total = Math.max(...entries.map((entry) => entry.votes.total));
  const axis = Array.from({ length: total + 1 }, (_, i) => i);
  const byVotes = classes.map((name) =>
    axis.map((n) => entries.filter((entry) => entry.class === name && entry.votes.positive === n).length),
  );
  const agreeing = (/** @type {any} */ entry) =>
    Math.max(entry.votes.positive, entry.votes.total - entry.votes.positive);
  const least = Math.ceil(total / 2);
  const levels = Array.from({ length: total - least + 1 }, (_, i) => least + i);
  const shares = levels.map((level) => entries.filter((entry) => agreeing(entry) === level).length);
  return [
    figure(
      drawn ? `How many simulated votes are for ${positive}` : `How many experts chose ${positive}`,
      (colours) => ({
        data: classes.map((name, i) => ({
          type: "bar",
          name,
          x: axis,
          y: byVotes[i],
          marker: { color: [colours.negative, colours.positive][i] },
          hovertemplate: `%{x} of ${total} votes: images %{y}<extra>${name}</extra>`,
        })),
        layout: { barmode: "stack", xaxis: { title: `Votes for ${positive}`, dtick: 1 }, yaxis: { title: "Images" } },
      }),
      {
        label: `Images by number of votes for ${positive}, from 0 to ${total}: ${axis.map((n) => byVotes.reduce((sum, row) => sum + row[n], 0)).join(", ")}`,
      },
    ),
    figure(
      drawn ? "How much the simulated votes agree" : "How much the experts agree",
      ({ accent }) => ({
        data: [
          {
            type: "bar",
            x: levels.map((level) => `${level} of ${total}`),
            y: shares,
            text: shares.map((n) => percent(n / entries.length, 0)),
            ...ABOVE,
            marker: { color: accent },
            hovertemplate: "%{x} agree: %{y} images<extra></extra>",
          },
        ],
        layout: {
          xaxis: { title: drawn ? "Simulated votes with the majority" : "Experts with the majority" },
          yaxis: { title: "Images" },
        },
      }),
      { caption: "Where experts disagree, no model can be expected to be right often." },
    ),
  ];
}
