const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const bytes = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

/** A duration of ours: a whole number and its unit, `500ms`, `30s`, `5m`, `12h`, `14d`. */
export const durationPattern = /^(0|[1-9][0-9]{0,14})(ms|s|m|h|d)$/;

/** A size of ours: a whole number and its unit, `512kb`, `256mb`, `2gb`. */
export const sizePattern = /^([1-9][0-9]{0,14})(kb|mb|gb)$/;

/** The milliseconds of a duration such as `30s`. Throws a RangeError on anything else. */
export function toMilliseconds(duration: string): number {
  const [, count, unit] = durationPattern.exec(duration) ?? [];
  if (unit === undefined) throw new RangeError(`${duration} is not a duration such as 30s`);
  return Number(count) * milliseconds[unit as keyof typeof milliseconds];
}

/** The seconds of a duration such as `4d`. Throws a RangeError on anything else, and on parts of a second. */
export function toSeconds(duration: string): number {
  const seconds = toMilliseconds(duration) / 1000;
  if (!Number.isInteger(seconds)) throw new RangeError(`${duration} is not a whole number of seconds`);
  return seconds;
}

/** The bytes of a size such as `256mb`; 1 kb is 1024 bytes, as Redis reads it. Throws a RangeError on anything else. */
export function toBytes(size: string): number {
  const [, count, unit] = sizePattern.exec(size) ?? [];
  if (unit === undefined) throw new RangeError(`${size} is not a size such as 256mb`);
  return Number(count) * bytes[unit as keyof typeof bytes];
}

/** Bytes for people: `22.3 MiB`. */
export const mebibytes = (count: number): string => `${(count / bytes.mb).toFixed(1)} MiB`;
