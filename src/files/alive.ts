/** @module Whether a process that a file names is still there. */
import { hasErrorCode } from "../errors/index";

/** True while the process lives on this machine, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasErrorCode(error, "EPERM");
  }
}
