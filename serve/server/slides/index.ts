/** @module Predicts whole slides in the background. */
export { SlideJobs, type SlideJobsOptions } from "./slide-jobs";
