/** @module What the service counts, for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Answer } from "./models/index";

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The meters of one service. Each service has its own registry, so that several can live in one process. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests: Counter<"route" | "method" | "status">;
  readonly requestSeconds: Histogram<"route">;
  readonly inFlight: Gauge;
  readonly problems: Counter<"code">;
  readonly modelInfo: Gauge<"model" | "sha256">;
  readonly workerRestarts: Counter<"model">;
  private readonly predictions: Counter<"model" | "class">;
  private readonly warnings: Counter<"model" | "warning">;
  private readonly inDistribution: Histogram<"model">;
  private readonly preprocessSeconds: Histogram<"model">;
  private readonly inferenceSeconds: Histogram<"model">;
  private readonly queueSeconds: Histogram<"model">;
  private readonly batchSize: Histogram<"model">;

  constructor({ processMetrics = false }: { processMetrics?: boolean } = {}) {
    const registers = [this.registry];
    if (processMetrics) collectDefaultMetrics({ register: this.registry, prefix: "histo_" });
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, labelNames: ["model"] as const, buckets, registers });
    this.requests = new Counter({
      name: "histo_http_requests_total",
      help: "Answered requests.",
      labelNames: ["route", "method", "status"],
      registers,
    });
    this.requestSeconds = new Histogram({
      name: "histo_http_request_duration_seconds",
      help: "Time from the whole request to the answer.",
      labelNames: ["route"],
      buckets: SECONDS,
      registers,
    });
    this.inFlight = new Gauge({ name: "histo_http_requests_in_flight", help: "Requests in progress.", registers });
    this.problems = new Counter({
      name: "histo_problems_total",
      help: "Problem responses, by code.",
      labelNames: ["code"],
      registers,
    });
    this.modelInfo = new Gauge({
      name: "histo_model_info",
      help: "1 for each loaded model.",
      labelNames: ["model", "sha256"],
      registers,
    });
    this.workerRestarts = new Counter({
      name: "histo_worker_restarts_total",
      help: "Workers that were restarted after a crash.",
      labelNames: ["model"],
      registers,
    });
    this.predictions = new Counter({
      name: "histo_predictions_total",
      help: "Classified images by predicted class.",
      labelNames: ["model", "class"],
      registers,
    });
    this.warnings = new Counter({
      name: "histo_prediction_warnings_total",
      help: "Classified images with a warning, by warning.",
      labelNames: ["model", "warning"],
      registers,
    });
    this.inDistribution = histogram(
      "histo_in_distribution",
      "Share of tiles like the training tiles that look at least as unusual as the image.",
      [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1],
    );
    this.preprocessSeconds = histogram("histo_preprocess_seconds", "Decoding and normalizing an image.", SECONDS);
    this.inferenceSeconds = histogram("histo_inference_seconds", "Running the network on a batch.", SECONDS);
    this.queueSeconds = histogram("histo_queue_seconds", "Waiting for a decoder and for the batch.", SECONDS);
    this.batchSize = histogram("histo_batch_size", "Images that shared one run.", [1, 2, 4, 8, 16, 32, 64]);
  }

  /** Counts one classified image. */
  observe(model: string, answer: Answer): void {
    this.predictions.inc({ model, class: answer.predictedClass });
    for (const warning of answer.warnings) this.warnings.inc({ model, warning });
    if (answer.inDistribution !== null) this.inDistribution.observe({ model }, answer.inDistribution);
    this.preprocessSeconds.observe({ model }, answer.preprocessSeconds);
    this.inferenceSeconds.observe({ model }, answer.inferenceSeconds);
    this.queueSeconds.observe({ model }, answer.queueSeconds);
    this.batchSize.observe({ model }, answer.batchSize);
  }
}
