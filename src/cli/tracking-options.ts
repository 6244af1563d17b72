/** @module The options of commands that log to MLflow. */
import * as z from "zod";
import { group, option } from "../options/index";

/** Declared options, to be spread into a command's. */
export const trackingOptions = group("Tracking", {
  track: option(z.boolean().default(true), "do not log to MLflow", { flag: "no-track" }),
  experiment: option(z.string().default("histology"), "experiment of MLflow", { value: "name" }),
});

export const trackingSchema = z.strictObject(trackingOptions);
