/** @module Figures as plain functions from data to plotly figures, for notebooks, reports and tracked runs alike. */
export { agreementFigure, votesFigure } from "./agreement";
export { architectureFigure, countText, type LayerBox } from "./architecture";
export { type CalibrationSeries, calibrationFigure, scoreFigure } from "./calibration";
export { beyondBaselineFigure, type ComparedTechnique, techniqueCostFigure, techniquesFigure } from "./comparison";
export { confusionFigure } from "./confusion";
export {
  type PrecisionRecallSeries,
  precisionRecallFigure,
  type RocSeries,
  rocFigure,
  type SweptMeasure,
  sweepFigure,
} from "./curves";
export { costFigure, latencyFigure, patternFigure } from "./deployment";
export {
  barFigure,
  type ColourCounts,
  classBalanceFigure,
  colourDistributionFigure,
  type LabelledPoints,
  tileScatterFigure,
  voteDistributionFigure,
} from "./eda";
export { FIGURE_SIZE, type Figure, figure } from "./figure";
export {
  differenceFigure,
  type Importance,
  type IntervalRow,
  importanceFigure,
  intervalFigure,
  subgroupFigure,
} from "./intervals";
export { type LearningCurveOptions, learningCurves, learningRateFigure } from "./learning-curves";
export { learningRateRangeFigure } from "./lr-range";
export { type ParallelOptions, parallelCoordinates, type Trial } from "./parallel";
export { shiftFigure } from "./shift";
export { explainedVarianceFigure } from "./subspace";
export { colours, darkTemplate, lightTemplate, sequentialScale, translucent } from "./theme";
