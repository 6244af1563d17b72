/** @module Choosing an image: from the server's gallery, from a file, or with the camera. */
import { call, images, imageUrl } from "./api.js";
import { camera } from "./camera.js";
import { counted, h } from "./dom.js";
import { deliver } from "./incoming.js";

/**
 * `url` is for looking at; what is analysed is `blob`, or the server's own image.
 * @typedef {{name: string, url: string, blob?: Blob, drawn?: boolean, entry?: {class?: string, votes?: {positive: number, total: number}}}} Chosen
 */

const SHOWN = 48;
const THUMBNAIL = 112;
/** Files that browsers do not show; of its own the server has a JPEG. */
export const TIFF = /\.tiff?$/i;
const LARGEST_THUMBNAIL = 512;
/** Tiles of `histo data synth`, for servers without images of their own. */
const EXAMPLES = ["drawn-1.webp", "drawn-2.webp", "drawn-3.webp", "drawn-4.webp", "drawn-5.webp", "drawn-6.webp"];

/** The address of a whole image of the server that browsers can show. @param {string} name */
export function pictureUrl(name) {
  return imageUrl(name, TIFF.test(name) ? LARGEST_THUMBNAIL : undefined);
}

/** Name of the image that is looked at, whose thumbnail is marked. */
let marked = "";

/**
 * A panel that calls `choose` with each image that is chosen.
 * @param {(image: Chosen) => void} choose
 * @returns {Promise<{card: HTMLElement, mark: (name: string) => void}>} `mark` shows which image is looked at
 */
export async function sourcePanel(choose) {
  const { total, images: entries } = await images();
  const panels = {
    gallery: total > 0 ? gallery(entries, choose) : undefined,
    examples: total > 0 ? undefined : examples(choose),
    file: dropZone({
      id: "file",
      label: "Choose files, or drop or paste them anywhere",
      hint: "PNG, JPEG, WebP or TIFF. A single image is analysed at once; several open as a batch. They are sent to the chosen server, which does not store them.",
      take: deliver,
    }),
    camera: navigator.mediaDevices ? camera(choose) : undefined,
  };
  const labels = { gallery: "Gallery", examples: "Examples", file: "File", camera: "Camera" };
  const names = Object.keys(panels).filter((name) => panels[name]);
  const show = (/** @type {string} */ shown) => {
    for (const name of names) panels[name].hidden = name !== shown;
    panels.camera?.stop();
  };
  show(names[0]);
  const choices = names.map((name, i) => [
    h("input", {
      type: "radio",
      name: "source",
      id: `source-${name}`,
      value: name,
      checked: i === 0,
      onchange: () => show(name),
    }),
    h("label", { for: `source-${name}` }, labels[name]),
  ]);
  const card = h(
    "section.card",
    { "aria-labelledby": "source-title" },
    h("h2", { id: "source-title" }, "Choose an image"),
    h("fieldset.segments", h("legend.visually-hidden", "Where from"), ...choices.flat()),
    ...names.map((name) => panels[name]),
  );
  const mark = (/** @type {string} */ name) => {
    marked = name;
    for (const button of card.querySelectorAll(".thumb"))
      button.setAttribute("aria-pressed", String(button.dataset.name === name));
  };
  return { card, mark };
}

/** @param {any[]} entries @param {(image: Chosen) => void} choose */
function gallery(entries, choose) {
  const classes = [...new Set(entries.map((entry) => entry.class).filter(Boolean))].sort();
  let wanted = "";
  let search = "";
  let shown = SHOWN;
  const grid = h("div.thumbs", { role: "group", "aria-label": "Images" });
  const grow = () => {
    shown += SHOWN;
    fill();
  };
  const more = h("button.quiet", { onclick: grow }, "Show more");
  const status = h("p.hint", { role: "status" });
  const matching = () =>
    entries.filter((entry) => (!wanted || entry.class === wanted) && entry.name.toLowerCase().includes(search));

  let picked;
  /** @param {any} entry */
  const pick = async (entry) => {
    picked = entry;
    try {
      const url = await pictureUrl(entry.name);
      // With a key the image is fetched, and another may have been picked meanwhile.
      if (picked === entry) choose({ name: entry.name, url, entry });
      else URL.revokeObjectURL(url);
    } catch (error) {
      status.textContent = /** @type {Error} */ (error).message;
    }
  };
  const fill = () => {
    const found = matching();
    grid.replaceChildren(...found.slice(0, shown).map((entry, i) => thumbnail(entry, i === 0, pick)));
    more.hidden = found.length <= shown;
    status.textContent = `${found.length} of ${counted(entries.length, "image")}`;
  };
  const random = () => {
    const found = matching();
    const entry = found[Math.floor(Math.random() * found.length)];
    if (entry) pick(entry);
  };
  grid.addEventListener("keydown", (event) => moveFocus(grid, event));
  fill();
  const chips = ["", ...classes].map((name, i) => [
    h("input", {
      type: "radio",
      name: "class",
      id: `class-${i}`,
      checked: i === 0,
      onchange: () => {
        wanted = name;
        shown = SHOWN;
        fill();
      },
    }),
    h("label", { for: `class-${i}` }, name || "All"),
  ]);
  return h(
    "div",
    h(
      "div.toolbar",
      classes.length > 1 && h("fieldset.segments.small", h("legend.visually-hidden", "Class"), ...chips.flat()),
      h("label.visually-hidden", { for: "search" }, "Part of the name"),
      h("input", {
        id: "search",
        type: "search",
        placeholder: "Part of the name",
        autocomplete: "off",
        spellcheck: "false",
        oninput: (/** @type {any} */ event) => {
          search = event.target.value.trim().toLowerCase();
          shown = SHOWN;
          fill();
        },
      }),
      h("button", { onclick: random }, "Random"),
    ),
    grid,
    h("div.row.spread", status, more),
  );
}

/**
 * @param {any} entry @param {boolean} reachable @param {(entry: any, button: HTMLElement) => void} pick
 * @param {string} [file] where the picture is, if not among the server's images
 */
function thumbnail(entry, reachable, pick, file) {
  const picture = h("img", { alt: "", width: 72, height: 72, loading: "lazy", decoding: "async" });
  showThumbnail(picture, entry.name, file);
  const button = h(
    "button.thumb",
    {
      "data-name": entry.name,
      "aria-pressed": String(entry.name === marked),
      "aria-label": `${entry.name}${entry.class ? `, ${entry.class}` : ""}`,
      title: entry.name,
      // One stop for the tab key; arrows move within.
      tabindex: reachable ? 0 : -1,
      onclick: () => pick(entry, button),
      onfocus: () => {
        for (const other of button.parentElement?.children ?? []) other.tabIndex = other === button ? 0 : -1;
      },
    },
    picture,
    entry.class && h("span.tag", entry.class),
  );
  return button;
}

/** Addresses of thumbnails: with a key each is fetched, once. @type {Map<string, Promise<string>>} */
const thumbnails = new Map();

/** @param {string} name */
function thumbnailUrl(name) {
  const url = thumbnails.get(name) ?? imageUrl(name, THUMBNAIL);
  thumbnails.set(name, url);
  url.catch(() => thumbnails.delete(name));
  return url;
}

/** @param {HTMLImageElement} picture @param {string} name @param {string} [file] */
export function showThumbnail(picture, name, file) {
  Promise.resolve(file ?? thumbnailUrl(name)).then(
    (url) => {
      picture.src = url;
    },
    () => undefined,
  );
}

/** @param {HTMLElement} grid @param {KeyboardEvent} event */
function moveFocus(grid, event) {
  const buttons = /** @type {HTMLElement[]} */ ([...grid.children]);
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0) return;
  const columns = Math.max(1, buttons.filter((button) => button.offsetTop === buttons[0].offsetTop).length);
  const steps = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    Home: -at,
    End: buttons.length - 1 - at,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  buttons[Math.min(buttons.length - 1, Math.max(0, at + step))].focus();
}

/** Phones choose no folders. */
const CHOOSES_FOLDERS = "webkitdirectory" in HTMLInputElement.prototype && !matchMedia("(pointer: coarse)").matches;

/**
 * A field for files; what is dropped on it is taken by the page, as anywhere else.
 * @param {{id: string, label: string, hint: string, take: (files: File[], isFolder?: boolean) => void, folders?: boolean}} options
 * `folders`: a folder can be chosen too
 */
export function dropZone({ id, label, hint, take, folders = false }) {
  const inputOf = (/** @type {boolean} */ isFolder, /** @type {object} */ attributes) => {
    const input = h("input", {
      type: "file",
      multiple: true,
      onchange: () => {
        take([...input.files], isFolder);
        input.value = "";
      },
      ...attributes,
    });
    return input;
  };
  const input = inputOf(false, { id, accept: "image/png,image/jpeg,image/webp,image/tiff", class: "visually-hidden" });
  const folder = inputOf(true, { webkitdirectory: true, hidden: true, "aria-label": "Folder" });
  const zone = h("label.drop", { for: id }, h("strong", label), h("span.hint", hint));
  const leave = () => zone.classList.remove("over");
  zone.addEventListener("dragenter", () => zone.classList.add("over"));
  zone.addEventListener("dragleave", leave);
  zone.addEventListener("drop", leave);
  return h(
    "div.drop-field",
    input,
    zone,
    folders && CHOOSES_FOLDERS && folder,
    folders && CHOOSES_FOLDERS && h("button", { onclick: () => folder.click() }, "Choose a folder"),
  );
}

/** Drawn tiles that come with the page. @param {(image: Chosen) => void} choose */
function examples(choose) {
  const told = "Synthetic tiles for trying the page: they show no real tissue.";
  const status = h("p.hint", { role: "status" }, told);
  let picked = "";
  const pick = async (/** @type {{name: string}} */ { name }) => {
    picked = name;
    try {
      const blob = await (await call(`examples/${name}`)).blob();
      status.textContent = told;
      if (picked === name) choose({ name, url: URL.createObjectURL(blob), blob, drawn: true });
    } catch (error) {
      status.textContent = /** @type {Error} */ (error).message;
    }
  };
  const grid = h(
    "div.thumbs",
    { role: "group", "aria-label": "Drawn examples" },
    ...EXAMPLES.map((name, i) => thumbnail({ name, class: "drawn" }, i === 0, pick, `examples/${name}`)),
  );
  grid.addEventListener("keydown", (event) => moveFocus(grid, event));
  return h("div", grid, status);
}
