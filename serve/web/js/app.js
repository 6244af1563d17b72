/** @module The page: which view is shown, and in which colours. */
import { info } from "./api.js";
import { counted, h } from "./dom.js";
import { listenForFiles } from "./incoming.js";
import { keepText, keptText } from "./kept-text.js";

const VIEWS = {
  "/": { title: "Analyse", load: () => import("./analyse.js") },
  "/batch": { title: "Batch", load: () => import("./batch.js") },
  "/data": { title: "Data set", load: () => import("./dataset.js") },
  "/models": { title: "Models", load: () => import("./models.js") },
  "/slides": { title: "Slides", load: () => import("./slides.js") },
  "/deployments": { title: "Lambda or EC2", load: () => import("./deployments.js") },
  "/api": { title: "API", load: () => import("./reference.js") },
};

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** Views are made once and kept, so that going back finds them as they were. @type {Map<string, Promise<HTMLElement>>} */
const made = new Map();
let current = "";

async function show() {
  const wanted = location.hash.slice(1).split("?")[0] ?? "";
  const path = Object.hasOwn(VIEWS, wanted) ? wanted : "/";
  const view = VIEWS[path];
  const first = current === "";
  current = path;
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.getAttribute("href") === `#${path}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showCurrentLink();
  document.title = path === "/" ? "Histology classifier" : `${view.title} · Histology classifier`;
  main.replaceChildren(h("h1.visually-hidden", view.title), h("p.loading", { role: "status" }, "Loading…"));
  const making = made.get(path) ?? make(view);
  made.set(path, making);
  const element = await making.catch((error) => {
    made.delete(path);
    return failure(view.title, /** @type {Error} */ (error).message);
  });
  if (current !== path) return;
  main.replaceChildren(element);
  if (!first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

/** @param {{load: () => Promise<any>}} view @returns {Promise<HTMLElement>} */
async function make({ load }) {
  const { view } = await load().catch(() => {
    throw new Error("This part of the page could not be loaded. See that the server still runs, then try again.");
  });
  return view();
}

/** What is shown in place of a view that cannot be made. @param {string} title @param {string} message */
function failure(title, message) {
  const again = () => {
    furtherPages().catch(() => undefined);
    about().catch(() => undefined);
    show();
  };
  return h(
    "div",
    h("h1", title),
    h("p.notice.error", { role: "alert" }, message),
    h("button.primary", { onclick: again }, "Try again"),
  );
}

/** On a phone the bar of pages is wider than the screen. */
function showCurrentLink() {
  const bar = /** @type {HTMLElement} */ (document.getElementById("nav"));
  const link = /** @type {HTMLElement | null} */ (bar.querySelector("[aria-current]"));
  if (link) bar.scrollLeft = link.offsetLeft - bar.offsetLeft - (bar.clientWidth - link.offsetWidth) / 2;
}

const THEMES = ["system", "light", "dark"];

function theme() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("theme"));
  const colour = (/** @type {string} */ name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    dispatchEvent(new Event("themechange"));
  };
  const apply = (/** @type {string} */ name) => {
    const label = `Colours: ${name === "system" ? "as the system" : name}`;
    button.setAttribute("aria-label", label);
    button.title = label;
    colour(name);
  };
  // Paper is white, and browsers leave backgrounds out.
  addEventListener("beforeprint", () => colour("light"));
  addEventListener("afterprint", () => colour(chosen));
  let chosen = keptText("localStorage", "histo-theme") ?? "system";
  apply(chosen);
  button.addEventListener("click", () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    keepText("localStorage", "histo-theme", chosen);
    apply(chosen);
  });
}

async function about() {
  const { version, models } = await info();
  const version_ = /** @type {HTMLElement} */ (document.getElementById("version"));
  version_.textContent = `Version ${version} · ${counted(models.length, "model")} loaded`;
}

/** Some pages are there only where the server has what they show: the figures of the two deployments, slides. */
async function furtherPages() {
  const { pages } = await info();
  for (const page of pages) document.querySelector(`#nav [href="#/${page}"]`)?.parentElement?.removeAttribute("hidden");
  showCurrentLink();
}

/** The address names the view that is shown: the skip link leaves it as it is. */
function skip() {
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
}

function tellOfLoading() {
  const loading = main.querySelector(".loading");
  const told = "The server is loading its models…";
  // Said once, although it is asked again and again.
  if (loading && loading.textContent !== told) loading.textContent = told;
}

theme();
skip();
listenForFiles();
addEventListener("hashchange", show);
addEventListener("modelsloading", tellOfLoading);
show();
about().catch(() => undefined);
furtherPages().catch(() => undefined);
