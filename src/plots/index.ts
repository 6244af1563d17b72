/** @module Figures as plain functions from data to plotly figures, for notebooks, reports and tracked runs alike. */
export { FIGURE_SIZE, type Figure, figure } from "./figure";
export { colours, darkTemplate, lightTemplate, sequentialScale, translucent } from "./theme";
