/** @module The tags about user and program that Python's client sets automatically. */
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { basename } from "node:path";
import type { Tag } from "../client/values";

/** How long git's answer is cached, because a search starts many runs in a row. */
const RECENT_MS = 10_000;
let recent: { directory: string; time: number; state: Promise<GitState> } | undefined;

/**
 * User, program, and the git commit of the working directory, if it is a repository.
 * @param recentMs how long git's answer is cached
 */
export async function sourceTags(directory = process.cwd(), recentMs = RECENT_MS): Promise<Tag[]> {
  const now = performance.now();
  if (recent?.directory !== directory || now - recent.time > recentMs) {
    recent = { directory, time: now, state: gitState(directory) };
  }
  const { commit, branch, dirty } = await recent.state;
  const notebook = process.env.JPY_SESSION_NAME || /tslab|kernel|notebook/.test(programName());
  const tags: Record<string, string | undefined> = {
    "mlflow.user": userName(),
    "mlflow.source.name": process.env.JPY_SESSION_NAME ?? programName(),
    "mlflow.source.type": notebook ? "NOTEBOOK" : "LOCAL",
    "mlflow.source.git.commit": commit,
    "mlflow.source.git.branch": branch,
    "mlflow.source.git.dirty": dirty,
  };
  return Object.entries(tags).flatMap(([key, value]) => (value ? [{ key, value }] : []));
}

/** The script and its sub-command, without further arguments, which may be secret. */
function programName(): string {
  const [, script = "", command = ""] = process.argv;
  return [basename(script), /^[a-z][a-z-]*$/.test(command) ? command : ""].join(" ").trim();
}

interface GitState {
  readonly commit?: string;
  readonly branch?: string;
  readonly dirty?: string;
}

/**
 * One call of git returns the lines `# branch.oid COMMIT` and `# branch.head BRANCH`, and one for each changed file. Without a
 * commit or a branch, there is a word in brackets instead.
 */
async function gitState(directory: string): Promise<GitState> {
  const lines = (await git(directory, "status", "--porcelain=v2", "--branch", "--untracked-files=no")).split("\n");
  const named = (name: string) => {
    const value = lines.find((line) => line.startsWith(`# branch.${name} `))?.split(" ")[2];
    return value?.startsWith("(") ? undefined : value;
  };
  const [commit, branch] = [named("oid"), named("head")];
  if (commit === undefined) return {};
  const dirty = String(lines.some((line) => line !== "" && !line.startsWith("#")));
  return { commit, dirty, ...(branch === undefined ? {} : { branch }) };
}

/** The output of git; empty if it fails or is missing. */
function git(directory: string, ...command: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("git", [...command], { cwd: directory, timeout: 3000 }, (error, output) => resolve(error ? "" : output));
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
