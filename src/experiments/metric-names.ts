/** @module Names of metrics in MLflow: a section, which its web page groups by, and a measure, such as `train/loss`. */

/** The numbers in a set of measures, named `section/name`. */
export function numbers(section: string, measures: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(measures).flatMap(([key, value]) =>
      typeof value === "number" ? [[`${section}/${key}`, value]] : [],
    ),
  );
}

/** Names that older runs logged, before names had sections, and the names used now. */
const FORMER_NAMES: readonly (readonly [former: RegExp, now: string])[] = [
  [/(^|\/)best_validation_([A-Za-z0-9]+)_(mean|std|min|max)$/, "$1validation_best/$2/$3"],
  [/(^|\/)test_([A-Za-z0-9]+)_(mean|std|min|max)$/, "$1test/$2/$3"],
  [/(^|\/)best_validation_([A-Za-z0-9]+)$/, "$1validation_best/$2"],
  [/(^|\/)(validation|train|test)_([A-Za-z0-9]+)$/, "$1$2/$3"],
  [/^(learningRate|seconds|imagesPerSecond)$/, "train/$1"],
  [/^best$/, "search/best"],
];

/** The current name of a metric that may have a former name. */
export function currentMetricName(name: string): string {
  const found = FORMER_NAMES.find(([former]) => former.test(name));
  return found ? name.replace(...found) : name;
}
