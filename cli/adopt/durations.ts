const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** Milliseconds as a skill writes them, in the largest unit that is whole: `7d`, `90s`. */
export function toDuration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => milliseconds % each === 0) ?? (["ms", 1] as const);
  return `${milliseconds / size}${unit}`;
}

const SIZES = [
  ["gb", 1024 ** 3],
  ["mb", 1024 ** 2],
  ["kb", 1024],
] as const;

/** Bytes as a skill writes them; undefined where they are no whole number of kb. */
export function toSize(bytes: number): string | undefined {
  const [unit, size] = SIZES.find(([, each]) => bytes > 0 && bytes % each === 0) ?? [];
  return size === undefined ? undefined : `${bytes / size}${unit}`;
}
