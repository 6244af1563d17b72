/** @module Notebooks: what cells use to show figures, tables and images, and running notebooks without Jupyter. */
export { cellProgress } from "./cell-progress";
export { type Bundle, display, displayMarkdown, LiveDisplay } from "./display";
export {
  type Cell,
  type CellFailure,
  codeCell,
  type Notebook,
  type Output,
  readNotebook,
  textOf,
  writeNotebook,
} from "./document";
export { displayFigure, type Figure, type FigureSize, LiveFigure } from "./figure";
export { figureToPng } from "./figure-png";
export { displayImages, type GridImage, type GridOptions, imageGrid } from "./image-grid";
export { displayOrigin } from "./origin";
export { declaredParameters, type ParameterDeclaration, parseParameters } from "./parameters";
export { type NotebookRun, type RunNotebookOptions, runNotebook } from "./runner";
export { displayTable, type FrameLike, type Row, type TableOptions } from "./table";
