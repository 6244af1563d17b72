/** @module Short texts that the browser keeps for the page. Where it keeps nothing, they last until the page is left. */

/** @typedef {"localStorage" | "sessionStorage"} Keeper the browser, or this tab only */

/** @type {Map<string, string>} */
const here = new Map();

/** @param {Keeper} keeper @param {string} key @returns {string | null} */
export function keptText(keeper, key) {
  try {
    return here.get(key) ?? globalThis[keeper].getItem(key);
  } catch {
    return null;
  }
}

/** @param {Keeper} keeper @param {string} key @param {string} text */
export function keepText(keeper, key, text) {
  here.set(key, text);
  try {
    globalThis[keeper].setItem(key, text);
  } catch {
    // The person has told the browser to keep nothing of this site, or there is no room.
  }
}
