/** @module Pages of 2 MB for the memory of a process. */

/** A setting of the GNU C library since version 2.35 (its manual, "Memory Allocation Tunables"). */
const SETTING = "glibc.malloc.hugetlb=1";

/** For 1.4 GB, Linux looked for free pages of this size for 2.5 s. */
const MOST_BYTES = 256e6;

/**
 * Environment variables for a process that reads `bytes` of weights for every image, such as a server's: large allocations ask
 * Linux for pages of 2 MB, with which the processor finds addresses sooner. A process needs them from its start. Empty for more
 * than 256 MB, for which loading would take longer; the user's own choice stays. Other systems ignore them.
 */
export function largePagesFor(bytes: number, env: NodeJS.ProcessEnv = process.env): { GLIBC_TUNABLES?: string } {
  const { GLIBC_TUNABLES: given } = env;
  if (bytes > MOST_BYTES || given?.includes("glibc.malloc.hugetlb")) return {};
  return { GLIBC_TUNABLES: given ? `${given}:${SETTING}` : SETTING };
}
