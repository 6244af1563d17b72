/** @module Numbers as people write them. */

/** Sign, digits with a point, exponent: what all programs take for the same number. */
const WRITTEN = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+))(?:e([-+]?\d+))?$/i;

/**
 * The double nearest to a written decimal number; NaN for anything else: nothing, words, hexadecimal, thousands set apart,
 * numbers with something behind them or too large for a double.
 * @param comma a comma may stand for the point, where both do not occur
 * @param tens power of ten to multiply by before rounding: -2 for percent (dividing by 100 gives 0.8332999999999999 for 83.33)
 * @example numberWritten("83,33", { comma: true, tens: -2 }) // 0.8333
 */
export function numberWritten(text: string, { comma = false, tens = 0 } = {}): number {
  const plain = text.trim().replace("\u2212", "-");
  const [, digits, exponent = "0"] =
    WRITTEN.exec(comma && !plain.includes(".") ? plain.replace(",", ".") : plain) ?? [];
  const value = digits === undefined ? Number.NaN : Number(`${digits}e${Number(exponent) + tens}`);
  return Number.isFinite(value) ? value : Number.NaN;
}
