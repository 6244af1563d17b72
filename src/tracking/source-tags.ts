/** @module Who ran what: the tags that Python's client sets by itself. */
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { basename } from "node:path";
import type { Tag } from "./types";

/** User, program, and the git commit of the working directory where it is a repository. */
export async function sourceTags(directory = process.cwd()): Promise<Tag[]> {
  const [commit, branch, changes] = await Promise.all([
    git(directory, "rev-parse", "HEAD"),
    git(directory, "rev-parse", "--abbrev-ref", "HEAD"),
    git(directory, "status", "--porcelain", "--untracked-files=no"),
  ]);
  const notebook = process.env.JPY_SESSION_NAME || /tslab|kernel|notebook/.test(programName());
  const tags: Record<string, string | undefined> = {
    "mlflow.user": userName(),
    "mlflow.source.name": process.env.JPY_SESSION_NAME ?? programName(),
    "mlflow.source.type": notebook ? "NOTEBOOK" : "LOCAL",
    "mlflow.source.git.commit": commit,
    "mlflow.source.git.branch": branch === "HEAD" ? undefined : branch,
    "mlflow.source.git.dirty": commit === undefined ? undefined : String(changes !== undefined && changes !== ""),
  };
  return Object.entries(tags).flatMap(([key, value]) => (value ? [{ key, value }] : []));
}

/** The script and, for command lines with sub-commands, which one; no further arguments, which may be secret. */
function programName(): string {
  const [, script = "", command = ""] = process.argv;
  return [basename(script), /^[a-z][a-z-]*$/.test(command) ? command : ""].join(" ").trim();
}

function git(directory: string, ...command: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("git", [...command], { cwd: directory, timeout: 3000 }, (error, output) =>
      resolve(error ? undefined : output.trim()),
    );
  });
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in some containers.
    return process.env.USER;
  }
}
