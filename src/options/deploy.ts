/** @module The options of deployments. */
import * as z from "zod";
import { option, whole } from "./declaration/index";

/** Options of all deployment commands. */
export const deploymentSchema = z.strictObject({
  settings: option(z.string().default("serve/aws/settings.json"), "what to deploy", { value: "file" }),
  region: option(z.string().optional(), "AWS region; overrides the settings", { value: "name" }),
});

/** Options of commands that change a deployment. */
export const changeSchema = deploymentSchema.extend({
  dryRun: option(z.boolean().default(false), "show the steps and the cost without doing anything"),
  yes: option(z.boolean().default(false), "do not ask for confirmation"),
});

/** Options of `histo deploy lambda` and `histo deploy ec2`. */
export const releaseSchema = changeSchema.extend({
  model: option(z.string(), "model directory of histo export", { value: "dir" }),
  release: option(z.string().optional(), "name of the model's release", { value: "name", usual: "its folder's name" }),
});

/** Options of `histo deploy destroy`. */
export const removalSchema = changeSchema.extend({
  part: option(z.enum(["lambda", "ec2", "tracking", "all"]).default("all"), "what to remove", { value: "part" }),
});

/** Options of `histo deploy logs`. */
export const logsSchema = deploymentSchema.extend({
  part: option(z.enum(["lambda", "ec2", "tracking"]).default("lambda"), "part whose log to show", { value: "part" }),
  minutes: option(whole(1, 60 * 24 * 30).default(60), "minutes to look back", { value: "n" }),
  follow: option(z.boolean().default(false), "keep printing new lines until Ctrl-C, on standard error"),
});

/** Options of `histo deploy prices`. */
export const pricesSchema = z.strictObject({
  file: option(z.array(z.string()).readonly().default([]), "offer files of AWS's price list, one for each service", {
    value: "files",
    repeats: true,
    usual: "fetched",
  }),
  url: option(z.url().default("https://pricing.us-east-1.amazonaws.com"), "address of the price list", {
    value: "address",
  }),
  region: option(z.string().optional(), "AWS region of the prices", { value: "name", usual: "the table's" }),
  table: option(z.string().default("serve/aws/prices.json"), "price table to update", { value: "file" }),
});
