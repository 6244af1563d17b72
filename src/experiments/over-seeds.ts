/** @module Repeats a comparison with several seeds. */
import { join } from "node:path";
import { groupBy } from "../collections/index";
import { spreadOf } from "../evaluation/index";
import { writeJson } from "../files/index";
import { compareTechniques, type TechniqueComparisonOptions } from "./compare-techniques";

/** The results of a technique over all seeds. */
export type SeedSpread = Awaited<ReturnType<typeof compareOverSeeds>>["overSeeds"][number];

/**
 * Runs {@link compareTechniques} for each seed and writes `seeds.json` into the first one's folder. @param outOf a seed's folder
 * @returns the first seed's comparison; `failed` lists each technique that failed with any seed
 */
export async function compareOverSeeds(
  options: Omit<TechniqueComparisonOptions, "seed" | "out">,
  seeds: readonly [number, ...number[]],
  outOf: (seed: number) => string,
) {
  const compare = (seed: number) => compareTechniques({ ...options, seed, out: outOf(seed) });
  const first = await compare(seeds[0]);
  const all = [first];
  for (const [i, seed] of seeds.slice(1).entries()) {
    options.progress?.say(`Seed ${seed} (${i + 2} of ${seeds.length})`);
    all.push(await compare(seed));
  }
  const rowsOf = groupBy(
    all.flatMap(({ rows }) => rows),
    ({ name }) => name,
  );
  const overSeeds = [...rowsOf].map(([name, rows]) => ({
    name,
    // The members of the ensemble vary.
    title: new Set(rows.map(({ title }) => title)).size === 1 ? (rows[0]?.title ?? name) : name,
    /** Number of seeds for which it was trained and measured. */
    seeds: rows.length,
    validation: spreadOf(rows.map(({ validation }) => validation)),
    test: spreadOf(rows.map(({ test }) => test)),
  }));
  const failures = groupBy(
    all.flatMap(({ failed }) => failed),
    ({ name }) => name,
  );
  const result = { ...first, failed: [...failures.values()].flatMap((some) => some.slice(0, 1)), overSeeds };
  await writeJson(join(outOf(seeds[0]), "seeds.json"), { seeds, overSeeds });
  return result;
}
