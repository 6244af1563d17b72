/** @module The names of metrics in MLflow: a section, which its web page folds, and the measure in it, such as `train/loss`. */

/** The numbers of a set of measures, as `section/name`. */
export function numbers(section: string, measures: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(measures).flatMap(([key, value]) =>
      typeof value === "number" ? [[`${section}/${key}`, value]] : [],
    ),
  );
}

/** What runs were logged with before names had sections, and how it is called now. */
const FORMER_NAMES: readonly (readonly [former: RegExp, now: string])[] = [
  [/(^|\/)best_validation_([A-Za-z0-9]+)_(mean|std|min|max)$/, "$1validation_best/$2/$3"],
  [/(^|\/)test_([A-Za-z0-9]+)_(mean|std|min|max)$/, "$1test/$2/$3"],
  [/(^|\/)best_validation_([A-Za-z0-9]+)$/, "$1validation_best/$2"],
  [/(^|\/)(validation|train|test)_([A-Za-z0-9]+)$/, "$1$2/$3"],
  [/^(learningRate|seconds|imagesPerSecond)$/, "train/$1"],
  [/^best$/, "search/best"],
];

/** The name that a metric has now; what never had another one stays. */
export function currentMetricName(name: string): string {
  const found = FORMER_NAMES.find(([former]) => former.test(name));
  return found ? name.replace(...found) : name;
}
