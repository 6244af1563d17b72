/** @module What a journal holds of a logged model besides its files. */
import type { LoggedModelFacts } from "../client/logged-model-client";
import { paramText, toWireNumber } from "../client/values";

/** Facts by name, as callers give them; journals of earlier versions hold them like this, with null for NaN. */
export interface NamedFacts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly step: number;
}

/** @param timeOf the time of the run's own point of a metric */
export function modelFacts({ params, metrics, step }: NamedFacts, timeOf: (key: string) => number): LoggedModelFacts {
  return {
    params: Object.entries(params).map(([key, value]) => ({ key, value: paramText(value) })),
    // The server stores a NaN of a model as 0.
    metrics: Object.entries(metrics).flatMap(([key, value]) =>
      value === null || Number.isNaN(value) ? [] : [{ key, value: toWireNumber(value), timestamp: timeOf(key), step }],
    ),
    step,
  };
}

export function factsInJournal(facts: LoggedModelFacts | NamedFacts): LoggedModelFacts {
  return isNamed(facts) ? modelFacts(facts, Date.now) : facts;
}

function isNamed(facts: LoggedModelFacts | NamedFacts): facts is NamedFacts {
  return !Array.isArray(facts.params);
}
