/** @module The machine's load as metrics, with the names of Python's MLflow client (`system/...`). */
import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import * as os from "node:os";
import { systemText } from "../../machine/index";

/** Samples the machine. CPU use is relative to the previous sample, network traffic to the first. */
export class SystemSampler {
  private cpu = cpuTimes();
  private readonly network = networkBytes();
  private gpus = true;

  /** Values by metric name, without the prefix `system/`. A megabyte is 10^6 bytes. */
  async sample(): Promise<Record<string, number>> {
    return {
      ...this.sampleCpu(),
      ...sampleMemory(),
      ...(await sampleDisk()),
      ...this.sampleNetwork(),
      ...(await this.sampleGpus()),
    };
  }

  private sampleCpu(): Record<string, number> {
    const now = cpuTimes();
    const total = now.total - this.cpu.total;
    const busy = total - (now.idle - this.cpu.idle);
    this.cpu = now;
    return total > 0 ? { cpu_utilization_percentage: (100 * busy) / total } : {};
  }

  private sampleNetwork(): Record<string, number> {
    const now = networkBytes();
    if (!now || !this.network) return {};
    return {
      network_receive_megabytes: (now.received - this.network.received) / 1e6,
      network_transmit_megabytes: (now.sent - this.network.sent) / 1e6,
    };
  }

  /** NVIDIA GPUs, through `nvidia-smi`, unless it was missing before. */
  private async sampleGpus(): Promise<Record<string, number>> {
    if (!this.gpus) return {};
    const fields = "index,memory.used,memory.total,utilization.gpu,power.draw,power.limit";
    const text = await new Promise<string | undefined>((resolve) => {
      const options = { timeout: 5000 };
      execFile("nvidia-smi", [`--query-gpu=${fields}`, "--format=csv,noheader,nounits"], options, (error, output) =>
        resolve(error ? undefined : output),
      );
    });
    this.gpus = text !== undefined;
    return Object.assign({}, ...(text ?? "").trim().split("\n").map(parseGpuLine)) as Record<string, number>;
  }
}

/** Parses a line of `nvidia-smi`: index, used MiB, total MiB, percent, watts, power limit; `[N/A]` if unknown. */
export function parseGpuLine(line: string): Record<string, number> {
  const [index, used, total, utilization, power, limit] = line.split(",").map((field) => Number.parseFloat(field)) as [
    number,
    ...(number | undefined)[],
  ];
  if (!Number.isInteger(index)) return {};
  const metrics: Record<string, number | undefined> = {
    memory_usage_megabytes: used === undefined ? undefined : (used * 2 ** 20) / 1e6,
    memory_usage_percentage: used === undefined || !total ? undefined : (100 * used) / total,
    utilization_percentage: utilization,
    power_usage_watts: power,
    power_usage_percentage: power === undefined || !limit ? undefined : (100 * power) / limit,
  };
  const known = Object.entries(metrics).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return Object.fromEntries(known.map(([name, value]) => [`gpu_${index}_${name}`, value]));
}

function cpuTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of os.cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

function sampleMemory(): Record<string, number> {
  const total = os.totalmem();
  const used = total - availableMemory();
  return {
    system_memory_usage_megabytes: used / 1e6,
    system_memory_usage_percentage: (100 * used) / total,
    process_memory_usage_megabytes: process.memoryUsage.rss() / 1e6,
  };
}

/** Memory available to programs; on Linux this includes the page cache. */
function availableMemory(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(systemText("/proc/meminfo"))?.[1];
  return kilobytes ? Number(kilobytes) * 1024 : os.freemem();
}

async function sampleDisk(): Promise<Record<string, number>> {
  const disk = await statfs(process.cwd()).catch(() => undefined);
  if (!disk || disk.blocks === 0) return {};
  const used = (disk.blocks - disk.bfree) * disk.bsize;
  const available = disk.bavail * disk.bsize;
  return {
    disk_usage_percentage: (100 * used) / (used + available),
    disk_usage_megabytes: used / 1e6,
    disk_available_megabytes: available / 1e6,
  };
}

function networkBytes(): { received: number; sent: number } | undefined {
  const lines = [...systemText("/proc/net/dev").matchAll(/^\s*\S+:\s*(\d+)(?:\s+\d+){7}\s+(\d+)/gm)];
  if (lines.length === 0) return undefined;
  const sum = (column: number) => lines.reduce((bytes, line) => bytes + Number(line[column]), 0);
  return { received: sum(1), sent: sum(2) };
}
