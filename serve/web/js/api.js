/** @module Calls of the server, with the key where one is needed. */
import { sentence } from "./dom.js";
import { keepText, keptText } from "./kept-text.js";

/** An answer that was a problem. */
export class ApiProblem extends Error {
  /**
   * @param {{code?: string, detail?: string, title?: string}} problem @param {number} status 0 where no answer came
   * @param {number} [retryAfter] seconds after which the server asks to be tried again
   */
  constructor(problem, status, retryAfter = 0) {
    super(sentence(wordsOf(problem, retryAfter) ?? `The server answered ${status}.`));
    this.code = problem.code ?? "UNKNOWN";
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** @param {{code?: string, detail?: string, title?: string}} problem @param {number} retryAfter */
function wordsOf({ code, detail, title }, retryAfter) {
  if (code === "RATE_LIMITED") return `That was too many requests at once. Try again in ${retryAfter || "a few"} s.`;
  return (detail ?? title)?.replace("retry after the given seconds", `try again in ${retryAfter || "a few"} s`);
}

const KEY = "histo-api-key";

/** The key that was given in this tab; null where none was. */
export function apiKey() {
  return keptText("sessionStorage", KEY);
}

/**
 * Calls a path of this server, or of another one.
 * @param {string} path without a slash before it, because the server may lie below a path of a proxy
 * @param {RequestInit & {base?: string}} [options]
 * @returns {Promise<Response>} @throws {ApiProblem}
 */
export async function call(path, { base = "", ...init } = {}) {
  const headers = new Headers(init.headers);
  const key = apiKey();
  if (key) headers.set("x-api-key", key);
  let response;
  try {
    response = await fetch(base ? `${base}/${path}` : path, { ...init, headers });
  } catch {
    const detail = navigator.onLine
      ? "The server cannot be reached. See that it still runs, then try again."
      : "This device is offline. Connect it, then try again.";
    throw new ApiProblem({ code: "UNREACHABLE", detail }, 0);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && !base && (await askForKey(key))) return call(path, init);
  throw new ApiProblem(problem, response.status, Number(response.headers.get("retry-after")) || 0);
}

/** Answers that may be others when the same is asked again: no server, no key, too many requests, too much to do. */
export const PASSING = [0, 401, 408, 429, 502, 503, 504];

/** How often a request is sent again to a server that is busy. */
const MOST_TRIES = 4;

/**
 * {@link call}, again after a while where the server has too much to do.
 * @param {string} path @param {RequestInit} options @param {(seconds: number) => void} wait is told how long is waited
 */
export async function callWhenFree(path, options, wait) {
  for (let tries = 1; ; tries++) {
    try {
      return await call(path, options);
    } catch (error) {
      const { status, retryAfter } = /** @type {ApiProblem} */ (error);
      if (tries === MOST_TRIES || (status !== 429 && status !== 503)) throw error;
      const seconds = Math.max(1.5 * tries, retryAfter);
      wait(seconds);
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    }
  }
}

/** @param {string} path @param {RequestInit & {base?: string}} [options] @returns {Promise<any>} */
export async function getJson(path, options) {
  return (await call(path, options)).json();
}

/** @type {Promise<boolean> | undefined} */
let asking;

/** @param {string | null} refused the key that the server did not accept */
function askForKey(refused) {
  // Another request may have brought a new key while this one was under way.
  if (refused !== apiKey()) return Promise.resolve(true);
  asking ??= new Promise((resolve) => {
    const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("key-dialog"));
    const input = /** @type {HTMLInputElement} */ (document.getElementById("key"));
    const problem = /** @type {HTMLElement} */ (document.getElementById("key-problem"));
    problem.hidden = refused === null;
    dialog.addEventListener(
      "close",
      () => {
        asking = undefined;
        const key = dialog.returnValue === "ok" ? input.value.trim() : "";
        if (key) keepText("sessionStorage", KEY, key);
        resolve(key !== "");
        input.value = "";
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asking;
}

/** @param {string} name @param {number} [edge] */
function imagePath(name, edge) {
  return `images/${name.split("/").map(encodeURIComponent).join("/")}${edge ? `?thumbnail=${edge}` : ""}`;
}

/** The address of an image for `<img>`; with a key it has to be fetched. @param {string} name @param {number} [edge] */
export async function imageUrl(name, edge) {
  const path = imagePath(name, edge);
  return apiKey() ? URL.createObjectURL(await (await call(path)).blob()) : path;
}

/** An image of the source as it is stored. @param {string} name */
export async function imageBlob(name) {
  return (await call(imagePath(name))).blob();
}

/**
 * A function that asks once, and anew only after a failure.
 * @template T
 * @param {() => Promise<T>} ask @returns {() => Promise<T>}
 */
function once(ask) {
  /** @type {Promise<T> | undefined} */
  let asked;
  return () => {
    asked ??= ask().catch((error) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}

/** `GET /info`, once, as soon as the models are loaded. @type {() => Promise<any>} */
export const info = once(infoOfLoaded);

const LOADING_MS = 1000;

/** The server answers before its models are loaded, which takes a while for large ones. */
async function infoOfLoaded() {
  for (;;) {
    const answer = await getJson("info");
    if (answer.models.length > 0) return answer;
    dispatchEvent(new Event("modelsloading"));
    await new Promise((resolve) => setTimeout(resolve, LOADING_MS));
  }
}

/** Every image of the source, asked for once. @type {() => Promise<{source: any, total: number, images: any[]}>} */
export const images = once(allImages);

/** `GET /images` gives a page at a time. */
async function allImages() {
  const first = await getJson("images");
  const all = first.images;
  while (all.length < first.total) {
    const next = await getJson(`images?offset=${all.length}`);
    if (next.images.length === 0) break;
    all.push(...next.images);
  }
  return { ...first, total: all.length, images: all };
}
