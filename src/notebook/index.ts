/** @module Notebooks: shows figures, tables and images in cells, and runs notebooks without Jupyter. */
export { cellProgress, display, displayMarkdown, displayOrigin, LiveDisplay } from "./display";
export { type Cell, codeCell, type Notebook, type Output, readNotebook, textOf, writeNotebook } from "./document";
export { displayFigure, type Figure, LiveFigure } from "./figure";
export { figureToPng } from "./figure-png";
export { displayImages, imageGrid } from "./image-grid";
export { declaredParameters, parseParameters } from "./parameters";
export { runNotebook } from "./runner";
export { displayTable, type Row } from "./table";
