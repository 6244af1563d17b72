/** @module What the operating system says about the processor, asked before code runs that needs it. */
import { systemText } from "../machine/index";

/**
 * Whether an x86 processor, or the virtual machine's picture of it, lacks AVX. TensorFlow's library is compiled with AVX: on such
 * a processor (Intel's before 2011, many Atom, Celeron and Pentium, QEMU's default one) it ends the process with an illegal
 * instruction. False where the system does not list the flags.
 * @param cpuinfo the text of Linux's `/proc/cpuinfo`; by default this machine's
 */
export function lacksAvx(cpuinfo = systemText("/proc/cpuinfo")): boolean {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1];
  return flags !== undefined && !/\bavx\b/.test(flags);
}
