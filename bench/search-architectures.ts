/** @module The architectures of the search benchmark: depths and widths around those of the reference network. */
const FIRST = [588, 1176, 2352, 3528];
const REST: readonly (readonly number[])[] = [[], [294], [588, 294], [1176, 294], [2352, 294]];

/** Twenty lists of hidden units. */
export const architectures: readonly (readonly number[])[] = FIRST.flatMap((first) =>
  REST.map((rest) => [first, ...rest]),
);
