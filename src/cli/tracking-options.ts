/** @module The options of commands that log to MLflow. */
import * as z from "zod";
import { group, option } from "../options/index";

/** Options to spread into a command's schema. */
export const trackingOptions = group("Tracking", {
  track: option(z.boolean().default(true), "do not log to MLflow", { flag: "no-track" }),
  experiment: option(z.string().default("histology"), "experiment of MLflow", { value: "name" }),
});
