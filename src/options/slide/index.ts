/** @module The options of whole slides. */
import * as z from "zod";
import { between, group, option, whole } from "../declaration/index";

/** The options of `histo slide`. */
export const slideSchema = z.strictObject({
  ...group("Results", {
    model: option(z.string().optional(), "model directory of histo export", { value: "dir" }),
    out: option(z.string().optional(), "folder for the results", { value: "dir" }),
    labels: option(z.string().optional(), "CSV of slide, label and partition; adds metrics over the slides", {
      value: "file",
    }),
    frame: option(z.enum(["qupath", "slide"]).default("qupath"), "origin of the coordinates in tiles.geojson", {
      value: "frame",
    }),
    dzi: option(
      z.boolean().default(false),
      "also write the slide's picture for viewers: slide.dzi and slide_files/ (Deep Zoom)",
    ),
    resume: option(z.boolean().default(false), "resume unfinished work in --out"),
  }),
  ...group("Tiles", {
    mpp: option(between(0.01, 100).optional(), "micrometres per pixel of the model's tiles", {
      value: "um",
      usual: "its card's",
    }),
    slideMpp: option(between(0.01, 100).optional(), "micrometres per pixel of the slide", {
      value: "um",
      usual: "what the file says",
    }),
    overlap: option(between(0, 0.9).default(0), "overlap of neighbouring tiles, as a share of a tile", {
      value: "share",
    }),
    bitDepth: option(whole(8, 16).optional(), "bit depth of the values in 16-bit slides", {
      value: "n",
      usual: "what the model says",
    }),
    profile: option(
      z.enum(["ignore", "apply"]).default("ignore"),
      "the slide's colour profile; apply it if the training tiles carried it",
      { value: "use" },
    ),
    tissue: option(between(0, 1).default(0.1), "minimum share of tissue in a tile; 0 for every tile", {
      value: "share",
    }),
  }),
  ...group("Work", {
    workers: option(whole(1, 64).optional(), "processes that read and predict", {
      value: "n",
      usual: "one per processor",
    }),
    threads: option(whole(1, 1024).optional(), "processors to use", { value: "n", usual: "all" }),
    redis: option(
      z.string().optional(),
      "distribute the slides to workers through this Redis (histo worker --slides)",
      { value: "url" },
    ),
    array: option(
      z.boolean().default(false),
      "in an array job (AWS Batch, Kubernetes): predict only the slide at the job's index",
    ),
  }),
  ...group("Instead", {
    info: option(z.boolean().default(false), "only show the file's levels, scale and vendor"),
    fetchOpenslide: option(
      z.boolean().default(false),
      "fetch OpenSlide (LGPL) once, for NDPI, MRXS, SCN, DICOM and JPEG 2000",
    ),
  }),
});

/** The defaults of all ways to predict a slide. */
export const slideDefaults = slideSchema.parse({});
