/** @module Functions from data to plotly figures, for notebooks, reports and tracked runs. */
export { agreementFigure, votesFigure } from "./agreement";
export { architectureFigure, countText, type DrawnLayer } from "./architecture";
export { calibrationFigure, scoreFigure } from "./calibration";
export * from "./comparison";
export { confusionFigure } from "./confusion";
export { precisionRecallFigure, rocFigure, sweepFigure } from "./curves";
export { costFigure, latencyFigure, pageFigure, patternFigure } from "./deployment";
export * from "./eda";
export { colours, darkTemplate, FIGURE_SIZE, type Figure, figure, lightTemplate, translucent } from "./figure";
export { parallelCoordinates, type Trial } from "./parallel";
export { explainedVarianceFigure, learningCurves, learningRateFigure, learningRateRangeFigure } from "./training";
