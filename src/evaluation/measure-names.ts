/** @module The names of measures for readers. */

const NAMES: Readonly<Record<string, string>> = {
  rocAuc: "ROC AUC",
  prAuc: "PR AUC",
  balancedAccuracy: "balanced accuracy",
  f1: "F1",
  weightedF1: "weighted F1",
  falseNegativeRate: "false negative rate",
  brier: "Brier score",
  expectedCalibrationError: "calibration error",
};

/** `ROC AUC` for `rocAuc`; a key that is a word already, such as `recall`, or a model's own measure as it is. */
export function measureName(key: string): string {
  return NAMES[key] ?? key;
}
