/** @module Whole slides predicted in the background. */
export { SlideJobs, type SlideJobsOptions } from "./slide-jobs";
