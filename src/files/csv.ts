/** @module Fields of CSV files. */

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
