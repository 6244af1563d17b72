/** @module The benchmarks by name. Each measures this project and a named peer alternately in one run and reports medians. */
import type { Benchmark } from "./benchmark";

export type { BenchmarkContext, BenchmarkResult } from "./benchmark";

/** Each is loaded when it runs. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  "train-step": () => import("./train-step.js"),
  epoch: () => import("./epoch.js"),
  models: () => import("./models.js"),
  subspace: () => import("./subspace.js"),
  quality: () => import("./quality.js"),
  data: () => import("./data.js"),
  augment: () => import("./augment.js"),
  inference: () => import("./inference.js"),
  server: () => import("./server.js"),
  soak: () => import("./soak.js"),
  slide: () => import("./slide.js"),
  search: () => import("./search.js"),
  tracking: () => import("./tracking.js"),
};
