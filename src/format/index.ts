/** @module Values as text: for people, as HTML, as commands of a shell. */
import { bounds, decimal, type Ends } from "./text";

export * from "./text";

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

/** Text as HTML. */
export function escapeHtml(text: string): string {
  const marks: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (mark) => marks[mark] as string);
}

/** A paragraph; `text` is HTML already. */
export function paragraph(text: string): string {
  return `<p>${text}</p>`;
}

/** Plain text as a paragraph that stands out. */
export function caution(text: string): string {
  return `<p class="caution">${escapeHtml(text)}</p>`;
}

/** Blocks of HTML side by side where there is room. */
export function columns(...blocks: readonly string[]): string {
  return `<div class="columns">${blocks.map((block) => `<div>${block}</div>`).join("")}</div>`;
}

/** A table. Cells are HTML already; the first column is the row's head, numbers are aligned right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], caption = ""): string {
  const headCells = head.map((cell) => `<th scope="col">${cell}</th>`).join("");
  const body = rows.map(([first = "", ...rest]) => {
    const cells = rest.map((cell) => `<td>${cell}</td>`).join("");
    return `<tr><th scope="row">${first}</th>${cells}</tr>`;
  });
  const title = caption ? `<caption>${caption}</caption>` : "";
  return `<div class="scroll"><table>${title}<thead><tr>${headCells}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

/** A 95 % interval in brackets, or nothing where there is none. The unit stands once, behind both ends. */
export function bracket(interval: Ends, digits = 3, unit = ""): string {
  const text = bounds(interval, digits, "–");
  return text && `<span class="ci">(${text}${unit})</span>`;
}

/** A value and its interval. */
export function measured(value: unknown, interval: Ends): string {
  return `${decimal(value)} ${bracket(interval)}`;
}
