/** @module Fields of tables: quoting them, and parsing the numbers that people write. */

/** A field by RFC 4180, with quotes if it needs them. */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A field with untrusted text: an apostrophe keeps spreadsheets from reading it as a formula.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvForeignText(text: string): string {
  return csvField(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
}

/** Sign, digits with a point, exponent: the form that all programs read alike. */
const WRITTEN = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+))(?:e([-+]?\d+))?$/i;

/**
 * Parses a decimal number. Returns NaN for anything else: empty text, words, hexadecimal, thousands separators, trailing
 * text, and numbers too large for a double.
 * @param comma accept a decimal comma, unless the text has a point too
 * @param tens power of ten to multiply by before rounding: -2 for percent (dividing by 100 gives 0.8332999999999999 for 83.33)
 * @example parseDecimal("83,33", { comma: true, tens: -2 }) // 0.8333
 */
export function parseDecimal(text: string, { comma = false, tens = 0 } = {}): number {
  const plain = text.trim().replace("\u2212", "-");
  const [, digits, exponent = "0"] =
    WRITTEN.exec(comma && !plain.includes(".") ? plain.replace(",", ".") : plain) ?? [];
  const value = digits === undefined ? Number.NaN : Number(`${digits}e${Number(exponent) + tens}`);
  return Number.isFinite(value) ? value : Number.NaN;
}
