/** @module Sends a batch's images in groups. */
import { callWhenFree, PASSING } from "./api.js";

/** @typedef {import("./batch-table.js").Row} Row */

/** An answer that may be another one when it is asked for again. @param {any} result */
export function isPassing(result) {
  return result?.error !== undefined && PASSING.includes(result.error.status);
}

/** True for an image that can be sent: the files of a batch are not kept when the page is left. @param {Row} row */
export function isAtHand({ file, entry }) {
  return file !== undefined || entry !== undefined;
}

/** @param {readonly Row[]} rows files, or images of the server @returns {RequestInit} */
function requestOf(rows) {
  if (rows.every(({ file }) => file === undefined)) {
    const body = JSON.stringify({ image_filenames: rows.map(({ name }) => name) });
    return { body, headers: { "content-type": "application/json" } };
  }
  const form = new FormData();
  for (const { file } of rows) if (file) form.append("image", file, file.name);
  return { body: form };
}

/** True where a file's bytes are still there: not where it was moved or written anew since it was chosen. @param {File} file */
function isReadable(file) {
  return file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

/** A slow way to the server takes too long for a whole group; gateways before it may take less than it does itself. */
const TOO_MUCH = [408, 413];

/**
 * Sends a group, again after a while where the server is busy, and in halves where it is too much at once.
 * @param {readonly Row[]} group all of them files, or all images of the server @param {string} model @param {AbortSignal} signal
 * @param {(seconds: number) => void} wait is told how long is waited @returns {Promise<any[]>} a result for each
 */
export async function answersOf(group, model, signal, wait) {
  try {
    const path = `predict/batch?model=${encodeURIComponent(model)}`;
    const { results } = await (await callWhenFree(path, { method: "POST", signal, ...requestOf(group) }, wait)).json();
    return results;
  } catch (error) {
    const { status: code, message: detail } = /** @type {import("./api.js").ApiProblem} */ (error);
    if (TOO_MUCH.includes(code) && group.length > 1) {
      const half = Math.ceil(group.length / 2);
      const first = await answersOf(group.slice(0, half), model, signal, wait);
      return [...first, ...(await answersOf(group.slice(half), model, signal, wait))];
    }
    const isThere = await Promise.all(group.map(({ file }) => file === undefined || isReadable(file)));
    if (!isThere.includes(false)) return group.map(() => ({ error: { status: code, detail } }));
    // A file that cannot be read looks like a server that cannot be reached.
    const others = group.filter((_, i) => isThere[i]);
    const results = others.length > 0 ? await answersOf(others, model, signal, wait) : [];
    const gone = {
      error: { detail: "This file cannot be read any more: it was moved or changed after it was chosen." },
    };
    return isThere.map((there) => (there ? results.shift() : gone));
  }
}
