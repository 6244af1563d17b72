/** @module The options of the server. */
import * as z from "zod";
import { group, option, whole } from "./declaration/index";

const text = () => z.string().optional();

/** The options of `histo serve`. The environment variables also set up containers and the Lambda function. */
export const serveSchema = z.strictObject({
  ...group("Models and images", {
    model: option(
      z.array(z.string()).readonly(),
      "model directories of histo export, separated by commas or each with its own --model",
      { value: "dirs", environment: "HISTO_MODEL", repeats: true },
    ),
    images: option(text(), "image source: folder, data set directory or s3://bucket/prefix", {
      value: "place",
      environment: "HISTO_IMAGE_SOURCE",
    }),
    bitDepth: option(whole(8, 16).optional(), "bit depth of the values in 16-bit images", {
      value: "n",
      usual: "what the model says",
    }),
    runs: option(z.string().default("runs"), "folder of the models' training runs, for the page's curves", {
      value: "dir",
    }),
    feedback: option(text(), "file for the labels that people give on the page, for histo evaluate --feedback", {
      value: "file",
    }),
    endpoint: option(text(), "URL of a second deployment, such as a Lambda endpoint, to offer on the page", {
      value: "url",
    }),
  }),
  ...group("Network", {
    port: option(whole(0, 65535).default(8080), "port to listen on, 0 for a free one", { value: "n" }),
    host: option(z.string().default("127.0.0.1"), "address to listen on; 0.0.0.0 for all", { value: "address" }),
    trustProxy: option(
      whole(0, 10).default(0),
      "number of trusted proxies in front, which report the client's address",
      { value: "n" },
    ),
    linger: option(whole(0, 600_000).default(0), "keep answering this long after SIGTERM before closing the port", {
      value: "ms",
    }),
  }),
  ...group("Access", {
    rateLimit: option(whole(0).optional(), "requests per minute and client, 0 for no limit", {
      value: "n",
      usual: "0 locally, else 6000",
    }),
    allowedHosts: option(
      text(),
      "names by which the server is called, separated by commas; addresses and names without a dot always work, * allows all",
      { value: "names", usual: "none locally without keys, else all" },
    ),
    cors: option(text(), "origins whose pages may call the server, separated by commas", { value: "origins" }),
    apiKeys: option(text(), "API keys, separated by commas; clients must send one of them", {
      flag: false,
      environment: "HISTO_API_KEYS",
    }),
    oidcIssuer: option(text(), "URL of the OpenID Connect issuer whose tokens are accepted", {
      flag: false,
      environment: "HISTO_OIDC_ISSUER",
    }),
    oidcAudience: option(text(), "audience that tokens for this server must have", {
      flag: false,
      environment: "HISTO_OIDC_AUDIENCE",
    }),
  }),
  ...group("Work", {
    workers: option(whole(1, 64).default(1), "processes for each model", { value: "n" }),
    threads: option(whole(1, 1024).optional(), "threads of the network in each process", {
      value: "n",
      usual: "number of cores, at most 8",
    }),
    maxBatch: option(whole(1, 1024).default(16), "largest number of images in a batch", { value: "n" }),
    maxDelay: option(whole(0, 1000).default(8), "longest wait for more images of a batch", { value: "ms" }),
    maxQueue: option(whole(1, 100_000).default(256), "requests that may wait per process; further ones get 503", {
      value: "n",
    }),
    logLevel: option(z.enum(["debug", "info", "warn", "error", "silent"]).default("info"), "lowest level to log", {
      value: "level",
    }),
  }),
});
