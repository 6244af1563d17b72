/** @module Commands as one would type them. */

/** Options as flags: `{ labelColumn: "x" }` becomes `--label-column x`, `true` the bare flag; leaves out undefined and false. */
export function flagsOf(options: object): string[] {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== false)
    .flatMap(([name, value]) => {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return value === true ? [flag] : [flag, String(value)];
    });
}

/** A word in quotes, for a shell. */
export function inQuotes(word: string): string {
  return `'${word.replace(/'/g, "'\\''")}'`;
}

/** A command's words as a POSIX shell takes them, in quotes where they need them; `{NAME}` stays to be filled in. */
export function shellText(command: readonly string[]): string {
  return command.map((word) => (/^(?:[\w@%+=:,./-]|\{\w+\})+$/.test(word) ? word : inQuotes(word))).join(" ");
}
