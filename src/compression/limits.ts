/** @module How closely a compact form must agree with the trained model on the validation tiles. */
import { counted, decimal, percent } from "../format/index";
import type { Verification } from "../model-directory/index";

/** Largest loss of area under the ROC curve on validation. */
const MAX_AUC_DROP = 0.005;
/** Largest root mean square change of a logit, relative to the spread of the logits, because an AUC can agree by chance. */
const MAX_RELATIVE_DEVIATION = 0.1;

/** The limits that a form does not keep to, as text; empty if it is acceptable. */
export interface MissedLimits {
  /** Set by the user. */
  readonly answers?: string;
  /** Fixed. */
  readonly others: readonly string[];
}

export function missedLimits(
  { tiles, rocAucDrop, rmsDeviation, logitSpread, changedAnswers }: Verification,
  allowedChanges: number,
): MissedLimits {
  const others: string[] = [];
  if (rocAucDrop !== null && rocAucDrop > MAX_AUC_DROP)
    others.push(`the AUC drops by ${decimal(rocAucDrop, 4)} (at most ${MAX_AUC_DROP})`);
  if (rmsDeviation > MAX_RELATIVE_DEVIATION * logitSpread) {
    const most = percent(MAX_RELATIVE_DEVIATION, 0);
    others.push(`logits change by ${percent(rmsDeviation / logitSpread)} of their spread (at most ${most})`);
  }
  if (changedAnswers <= allowedChanges) return { others };
  return { answers: `${counted(changedAnswers, "answer")} of ${tiles} change (at most ${allowedChanges})`, others };
}

export function isAcceptable({ answers, others }: MissedLimits): boolean {
  return answers === undefined && others.length === 0;
}

/** A form that was tried in vain. */
export interface RefusedForm {
  readonly description: string;
  readonly verification: Verification;
  readonly missed: MissedLimits;
}

/**
 * Says what kept the nearest of the forms from being exported and what can be done: that which only the user's limit refuses and
 * which changes fewest answers, otherwise the last, which is the largest.
 */
export function explainRefusal(forms: readonly RefusedForm[]): string {
  const changed = ({ verification }: RefusedForm) => verification.changedAnswers;
  const within = forms.filter(({ missed }) => missed.others.length === 0).sort((a, b) => changed(a) - changed(b));
  const nearest = within[0] ?? forms.at(-1);
  if (!nearest) return "Export int8 or fp32.";
  const { answers, others } = nearest.missed;
  const missed = [...others, ...(answers ? [answers] : [])].join(", ");
  const says = `The nearest (${nearest.description}) is not close enough: ${missed}.`;
  if (others.length > 0) return `${says} Export int8 or fp32.`;
  return `${says} Export int8, or give --max-changed-answers ${enoughShare(nearest.verification)}.`;
}

/** The smallest share, in thousandths to be easy to type, that allows the changed answers. */
function enoughShare({ changedAnswers, tiles }: Verification): number {
  return Math.ceil((1000 * changedAnswers) / tiles) / 1000;
}
