/** @module Files that come from anywhere on the page: dropped, pasted or chosen. One is analysed, several are a batch. */
import { filesOf, imagesIn } from "./folders.js";

/**
 * What takes files, by view; beside the images the names of what is left out.
 * @type {Map<string, (files: File[], leftOut: readonly string[]) => void>}
 */
const takers = new Map();
/** Files for a view that is not there yet. @type {Map<string, [File[], readonly string[]]>} */
const waiting = new Map();

/** Says who takes the files of a view. @param {"/" | "/batch"} view @param {(files: File[], leftOut: readonly string[]) => void} take */
export function takeFiles(view, take) {
  takers.set(view, take);
  const files = waiting.get(view);
  waiting.delete(view);
  if (files) take(...files);
}

/** Hands files to the view for them, and shows it. @param {readonly File[]} given @param {boolean} [isFolder] with all that was in it */
export function deliver(given, isFolder = false) {
  if (given.length === 0 && !isFolder) return;
  const { files, leftOut } = isFolder ? imagesIn(given) : { files: [...given], leftOut: [] };
  const view = isFolder || files.length > 1 || location.hash.startsWith("#/batch") ? "/batch" : "/";
  const take = takers.get(view);
  if (take) take(files, leftOut);
  else waiting.set(view, [files, leftOut]);
  const shown = location.hash.slice(1).split("?")[0] || "/";
  if (shown !== view) location.hash = view;
}

/** Who analyses an image that another view hands over. @type {((image: any, model: string) => void) | undefined} */
let analyst;
/** @type {[any, string] | undefined} */
let handed;

/** @param {(image: any, model: string) => void} take */
export function takeImage(take) {
  analyst = take;
  if (handed) take(...handed);
  handed = undefined;
}

/** Shows an image on the first page, with its heat map. @param {import("./source.js").Chosen} image @param {string} model */
export function analyse(image, model) {
  if (analyst) analyst(image, model);
  else handed = [image, model];
  location.hash = "/";
}

/** Takes what is dropped or pasted anywhere on the page. */
export function listenForFiles() {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const { files, isFolder } = await filesOf(/** @type {DataTransfer} */ (event.dataTransfer));
    deliver(files, isFolder);
  });
  addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData ?? { files: [], types: [] };
    // Spreadsheets copy a picture beside the text, which a field takes.
    const isForField = event.target instanceof HTMLInputElement && types.includes("text/plain");
    if (!isForField) deliver([...files]);
  });
}
