/**
 * The middle one of some milliseconds. A machine of two cores that is busy stands still for a second now and then, which makes single
 * ones late; a delay that is not kept, or something that holds up what is behind it, moves the middle.
 */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
