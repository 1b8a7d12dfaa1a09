import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { toDuration } from "../adopt/durations.ts";

/** YAML as people read it: no line is broken, and nothing is said by reference. */
export const yamlText = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Eight characters that tell a text from others, always the same. */
export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** A duration in milliseconds as people write it: `1s`, `90s`, `5m`, `1.5s`. */
export const durationText = (milliseconds: number): string =>
  milliseconds > 1_000 && milliseconds % 1_000 !== 0 ? `${milliseconds / 1_000}s` : toDuration(milliseconds);
