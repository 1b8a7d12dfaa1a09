/** A series of a metric with these labels. */
export type Series = (metric: string, labels: Record<string, string>, modifier?: string) => string;

/** Series of one environment: where it has a name, whoever scrapes its brokers labels them with it. */
export const seriesOf =
  (environment: string | undefined): Series =>
  (metric, labels, modifier = "") => {
    const all = { ...labels, ...(environment !== undefined && { environment }) };
    const matchers = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return `${metric}{${matchers.join(",")}}${modifier}`;
  };

/** A regular expression, whole as PromQL's all are, of any of these texts. */
export const anyOf = (values: readonly string[]): string =>
  values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");

/** A duration of PromQL: `90s`, `3d`. */
export const promDuration = (milliseconds: number): string => {
  const seconds = Math.ceil(milliseconds / 1_000);
  const unit = (
    [
      ["d", 86_400],
      ["h", 3_600],
      ["m", 60],
    ] as const
  ).find(([, size]) => seconds % size === 0);
  return unit ? `${seconds / unit[1]}${unit[0]}` : `${seconds}s`;
};
