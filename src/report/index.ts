/** @module The report of a run: one HTML file that helps readers decide whether to trust the model. */
import { type RunResults, readRun } from "../evaluation/index";
import { writeFileAtomically } from "../files/index";
import { counted } from "../format/index";
import { comparisonSection, type ReportExtras, shiftSection, subgroupSection } from "./comparisons";
import { rankingSection, thresholdSection } from "./decisions";
import { reportFacts, type Section } from "./facts";
import { evaluationFigures, trainingFigures } from "./figures";
import { mistakesSection, type ReportWork } from "./mistakes";
import { reportPage } from "./page";
import { provenanceSection, trainingSection } from "./provenance";
import { summarySection } from "./summary";
import { calibrationSection, expertSection } from "./trust";

export { runFigures } from "./figures";
export { heatMaps } from "./mistakes";
export { reportPage } from "./page";
export { type CalibrationFigures, calibrationWords } from "./trust";

async function reportHtml(results: RunResults, extras: ReportExtras, work: ReportWork): Promise<string> {
  const facts = reportFacts(results);
  const figures = evaluationFigures(facts);
  const { config, name, classes } = results;
  const sections: (Section | undefined)[] = [
    summarySection(facts),
    thresholdSection(facts, figures),
    rankingSection(figures),
    calibrationSection(facts, figures),
    expertSection(facts, figures),
    subgroupSection(facts, extras),
    comparisonSection(facts, extras),
    await shiftSection(facts),
    await mistakesSection(facts, work),
    trainingSection(facts, await trainingFigures(results)),
    provenanceSection(facts),
  ];
  const model = [config.architecture, config.parameters && counted(config.parameters, "weight")];
  const subtitle = [`${classes[1]} against ${classes[0]}`, ...model].filter(Boolean).join(" · ");
  return reportPage(
    `Evaluation of ${name}`,
    subtitle,
    sections.filter((section) => section !== undefined),
  );
}

/**
 * Writes `report.html` of a finished run.
 * @param run directory of the run, or what {@link readRun} gave
 * @param path where to write. Default: the run's own `report.html`
 * @param extras a comparison with another run, measures by group
 * @returns the path
 * @throws the reason of the signal that stops it
 */
export async function writeReport(
  run: string | RunResults,
  path?: string,
  extras: ReportExtras = {},
  work: ReportWork = {},
): Promise<string> {
  const results = typeof run === "string" ? await readRun(run) : run;
  const file = path ?? results.directory.report;
  await writeFileAtomically(file, await reportHtml(results, extras, work));
  return file;
}
