/** @module Why a slide failed, for clients, who do not have the server's paths. */
import type { SlideState } from "../../core/index";

/** How a job ended without results. */
type Failure = Required<Pick<SlideState, "status" | "problem">>;

/** A failure with an explanation for clients. */
export function failure(code: string, detail: string): Failure {
  return { status: "failed", problem: { code, detail } };
}

/**
 * A failure of the process that predicted a slide.
 * @param message for clients; it may have paths of the server
 * @param names what clients know instead of these paths, longer paths first
 */
export function failureOf(
  code: string,
  message: string,
  names: readonly (readonly [path: string, name: string])[],
): Failure {
  return failure(
    code,
    names.reduce((text, [path, name]) => text.replaceAll(path, name), message),
  );
}
