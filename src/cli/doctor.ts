/** @module `histo doctor`: shows what this machine supports, and how to install what is missing. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { projectPython, projectRoot } from "../files/index";
import { counted, gigabytes } from "../format/index";
import { usableMemory, usableProcessors } from "../machine/index";
import type { Processor, StepChoice } from "../tensorflow/index";
import { defineCommand } from "./command";

interface Finding {
  readonly name: string;
  readonly found: string;
  /** Figures, in a line each. */
  readonly details?: readonly string[];
  /** How to install it, if it is missing. */
  readonly advice?: string;
}

export const command = defineCommand({
  async run() {
    const { chooseStepWay, processor, runtime, workloads } = await import("../tensorflow/index.js");
    const tensorflow = await tensorflowHere();
    // Times of a small training step in each way that this processor supports, and the chosen way.
    const steps: StepChoice[] = [];
    for (const workload of workloads) steps.push(await chooseStepWay(workload));
    const findings: Finding[] = [
      { name: "Node", found: process.versions.node },
      {
        name: "TensorFlow",
        found: describeTensorFlow(tensorflow),
        ...(tensorflow.kind === "javascript" && {
          advice:
            runtime.remedy ??
            "Install a C++ compiler and Python 3.10 or newer (see environment.md), then: npm run setup",
        }),
      },
      { name: "GPU", found: tensorflow.gpu ? "NVIDIA, in use" : gpuDriver() },
      ...pythonTools(),
      {
        name: "Memory",
        found: `${gigabytes(usableMemory())} (${gigabytes(freemem())} free), ${counted(usableProcessors(), "core")}`,
      },
      memoryAdvice(),
      describeProcessor(processor()),
      ...steps.map(describeSteps),
    ];
    return {
      node: process.versions.node,
      tensorflow,
      memory: { totalBytes: usableMemory(), freeBytes: freemem() },
      processors: usableProcessors(),
      steps,
      findings,
    };
  },
  render: ({ findings }) =>
    findings
      .flatMap(({ name, found, details = [], advice }) => [
        `${advice ? "!" : " "} ${name.padEnd(18)} ${found}`,
        ...[...details, ...(advice ? [advice] : [])].map((line) => `    ${line}`),
      ])
      .join("\n"),
});

async function tensorflowHere() {
  const { hasBf16Products, runtime } = await import("../tensorflow/index.js");
  const built = stamp("tensorflow");
  return {
    kind: runtime.kind === "native" ? (built?.kind ?? "native") : "javascript",
    version: runtime.kind === "native" ? (built?.version ?? "unknown") : "tfjs 4.22.0",
    gpu: runtime.gpu,
    precision: hasBf16Products() ? ["fp32", "bf16"] : ["fp32"],
    fusedUpdates: runtime.fusedUpdates,
    why: [...(built?.failures ?? []), ...(runtime.problem ? [runtime.problem] : [])],
  };
}

function describeProcessor({ name, isa, threads }: Processor): Finding {
  return { name: "Processor", found: [name, ...(isa ? [isa] : []), counted(threads, "thread")].join(", ") };
}

/** `bf16 product`, and `bf16 product 12.1 ms, fp32 product 14.0 ms`. */
function describeSteps({ workload, times, chosen, disturbed }: StepChoice): Finding {
  const nameOf = ({ precision, updates }: StepChoice["chosen"]) => `${precision} ${updates}`;
  const timed = [...times].sort((a, b) => a.seconds - b.seconds);
  const figures = timed.map((way) => `${nameOf(way)} ${(1000 * way.seconds).toFixed(1)} ms`).join(", ");
  return {
    name: `Steps, ${workload}`,
    found: nameOf(chosen),
    details: [
      ...(figures ? [figures] : []),
      ...(disturbed ? ["Other programs were running, so the next process times again."] : []),
    ],
  };
}

function describeTensorFlow(here: Awaited<ReturnType<typeof tensorflowHere>>): string {
  const { kind, version, gpu, precision, fusedUpdates, why } = here;
  const name = {
    wheel: `${version}, compiled against the Python wheel`,
    package: `${version}, the package's own download`,
    native: `${version}, native`,
    javascript: "none; plain JavaScript takes its place, 10 to 100 times slower",
  }[kind];
  const reasons = why.length ? ` (because: ${why.join("; ")})` : "";
  return `${name}${gpu ? " with CUDA" : ""}; products in ${precision.join(" or ")}${fusedUpdates ? "; fused updates" : ""}${reasons}`;
}

function stamp(name: string): { kind: string; version: string; failures: string[] } | undefined {
  try {
    return JSON.parse(readFileSync(join(projectRoot(), ".setup", "stamps", `${name}.json`), "utf8")).result;
  } catch {
    return undefined;
  }
}

function gpuDriver(): string {
  const driver = existsSync("/proc/driver/nvidia/version");
  return driver ? "an NVIDIA driver is installed, but TensorFlow does not use it; see environment.md" : "none found";
}

function pythonTools(): Finding[] {
  const python = projectPython();
  const advice = "npm run setup";
  if (!existsSync(python)) return [{ name: "Python tools", found: "not installed", advice }];
  const script =
    "import importlib.metadata as m, sys; print(sys.version.split()[0], *[n + ' ' + m.version(n) for n in sys.argv[1:]], sep=', ')";
  try {
    const packages = ["mlflow", "jupyterlab", "papermill", "nbconvert"];
    return [
      { name: "Python tools", found: execFileSync(python, ["-c", script, ...packages], { encoding: "utf8" }).trim() },
    ];
  } catch {
    return [{ name: "Python tools", found: "incomplete", advice: `rm -r .venv && ${advice}` }];
  }
}

/** The reference network with Adam needs about 5.3 GB. */
function memoryAdvice(): Finding {
  const enough = usableMemory() > 8e9;
  return {
    name: "Reference MLP",
    found: enough ? "fits (5.3 GB with Adam)" : "does not fit (5.3 GB with Adam)",
    ...(!enough && { advice: "train with --stem subspace, or a smaller --size" }),
  };
}
