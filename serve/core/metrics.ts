/** @module The service's metrics for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Answer } from "./models/index";

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SHARES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1];
const BATCHES = [1, 2, 4, 8, 16, 32, 64];
const WHOLE_REQUEST = "Time from the whole request to the answer.";
const CLASSIFIED = "Classified images by predicted class.";
const WITH_WARNING = "Classified images with a warning, by warning.";
const UNUSUAL = "Share of tiles like the training tiles that look at least as unusual as the image.";

/** The metrics of one service. Each service has its own registry, so that a process can contain several. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = this.counter("http_requests_total", "Answered requests.", "route", "method", "status");
  readonly requestSeconds = this.histogram("http_request_duration_seconds", WHOLE_REQUEST, SECONDS, "route");
  readonly inFlight = this.gauge("http_requests_in_flight", "Requests in progress.");
  readonly problems = this.counter("problems_total", "Problem responses, by code.", "code");
  readonly modelInfo = this.gauge("model_info", "1 for each loaded model.", "model", "sha256");
  readonly workerRestarts = this.counter(
    "worker_restarts_total",
    "Workers that were restarted after a crash.",
    "model",
  );
  private readonly predictions = this.counter("predictions_total", CLASSIFIED, "model", "class");
  private readonly warnings = this.counter("prediction_warnings_total", WITH_WARNING, "model", "warning");
  private readonly inDistribution = this.histogram("in_distribution", UNUSUAL, SHARES);
  private readonly preprocessSeconds = this.histogram("preprocess_seconds", "Decoding and normalizing an image.");
  private readonly inferenceSeconds = this.histogram("inference_seconds", "Running the network on a batch.");
  private readonly queueSeconds = this.histogram("queue_seconds", "Waiting for a decoder and for the batch.");
  private readonly batchSize = this.histogram("batch_size", "Images that shared one run.", BATCHES);

  constructor({ processMetrics = false }: { processMetrics?: boolean } = {}) {
    if (!processMetrics) return;
    collectDefaultMetrics({ register: this.registry, prefix: "histo_" });
    // Sums of others, and gauges that are named like counters.
    for (const kind of ["handles", "requests", "resources"])
      this.registry.removeSingleMetric(`histo_nodejs_active_${kind}_total`);
  }

  /** Counts one classified image, of which nothing else is known. */
  count(model: string, predictedClass: string): void {
    this.predictions.inc({ model, class: predictedClass });
  }

  observe(model: string, answer: Answer): void {
    this.count(model, answer.predictedClass);
    for (const warning of answer.warnings) this.warnings.inc({ model, warning });
    if (answer.inDistribution !== null) this.inDistribution.observe({ model }, answer.inDistribution);
    this.preprocessSeconds.observe({ model }, answer.preprocessSeconds);
    this.inferenceSeconds.observe({ model }, answer.inferenceSeconds);
    this.queueSeconds.observe({ model }, answer.queueSeconds);
    this.batchSize.observe({ model }, answer.batchSize);
  }

  private counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `histo_${name}`, help, labelNames, registers: [this.registry] });
  }

  private gauge<Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: `histo_${name}`, help, labelNames, registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets = SECONDS, label: "model" | "route" = "model") {
    return new Histogram({ name: `histo_${name}`, help, labelNames: [label], buckets, registers: [this.registry] });
  }
}
