import { createHash } from "node:crypto";
import { stringify } from "yaml";

/** YAML as people read it: no line is broken, and nothing is said by reference. */
export const yamlText = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Eight characters that tell a text from others, always the same. */
export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** A duration in milliseconds as people write it: `1s`, `90s`, `5m`, `1.5s`. */
export function durationText(milliseconds: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const;
  const whole = units.find(([, size]) => milliseconds >= size && milliseconds % size === 0);
  if (whole) return `${milliseconds / whole[1]}${whole[0]}`;
  return milliseconds > 1_000 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}
