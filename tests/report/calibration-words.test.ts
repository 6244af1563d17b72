import assert from "node:assert/strict";
import { test } from "node:test";
import { type CalibrationFigures, calibrationWords } from "../../src/report/trust";

const right: CalibrationFigures = { slope: 1.02, intercept: 0.03, chance: 0.6 };
const off: CalibrationFigures = { ...right, chance: 0.0004 };

const CASES: readonly (readonly [name: string, figures: CalibrationFigures, says: RegExp, not?: RegExp])[] = [
  ["right", right, /do not show that the probabilities are wrong: slope 1\.02, intercept 0\.03.*0\.600/],
  ["a slope that chance explains", { ...right, slope: 0.7 }, /do not show/, /overconfident/],
  ["overconfident", { ...off, slope: 0.5 }, /overconfident \(slope 0\.50.*below 0\.001/, /underconfident/],
  ["underconfident", { ...off, slope: 1.4 }, /underconfident \(slope 1\.40/, /overconfident/],
  ["too low", { ...off, intercept: 0.8 }, /more frequent .*too low/, /confident/],
  ["too high", { ...off, intercept: -0.8 }, /less frequent .*too high/, /confident/],
  ["both", { ...off, slope: 0.5, intercept: -0.8 }, /overconfident.*, and positives are less frequent/],
  ["by little", off, /off, though by little/],
  ["reversed", { ...off, slope: -0.4 }, /points the wrong way/, /overconfident/],
  ["no line", { slope: Number.NaN, intercept: Number.NaN, chance: Number.NaN }, /no calibration line/],
  ["a temperature that harms", scaled(1.4, 0.4, 0.45), /1\.40<\/b>, but it makes these probabilities worse/],
  ["a temperature that helps", scaled(2.1, 0.6, 0.4), /2\.10<\/b> and makes these probabilities better/],
  ["a temperature of 1", scaled(1.02, 0.4, 0.4003), /1\.02<\/b>, close to 1, and changes little/],
  ["no temperature", { ...right, scaling: "none" }, /No temperature can be fitted/, /close to 1|changes little/],
];

function scaled(temperature: number, before: number, after: number): CalibrationFigures {
  return { ...right, slope: 1.078, scaling: { temperature, before, after } };
}

for (const [name, figures, says, not] of CASES) {
  test(`the words follow the figures: ${name}`, () => {
    const words = calibrationWords(figures);
    assert.match(words, says);
    if (not) assert.doesNotMatch(words, not);
  });
}
