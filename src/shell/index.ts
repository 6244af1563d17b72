/** @module Commands as one would type them. */

/** Options as flags: `{ labelColumn: "x" }` becomes `--label-column x`; what is undefined is left out. */
export function flagsOf(options: object): string[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value)]);
}

/** A command's words as a POSIX shell takes them, in quotes where they need them; `{NAME}` stays to be filled in. */
export function shellText(command: readonly string[]): string {
  return command
    .map((word) => (/^(?:[\w@%+=:,./-]|\{\w+\})+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`))
    .join(" ");
}
