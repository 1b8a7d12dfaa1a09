import type { Holding } from "../../live/holding.ts";
import type { Properties } from "./guarded.ts";
import { describe } from "./text.ts";

/** A limit on what is kept that becomes lower. */
export interface Lower {
  /** As the broker calls it: `retention.ms`. */
  setting: string;
  /** Infinity: there was none. */
  from: number;
  to: number;
}

/** Which of these limits become lower. One that is absent or negative is none. */
export function lowered(settings: readonly string[], before: Properties = {}, after: Properties = {}): Lower[] {
  return settings
    .map((setting) => ({ setting, from: limit(before[setting]), to: limit(after[setting]) }))
    .filter(({ from, to }) => to < from);
}

const limit = (value: unknown): number =>
  value === undefined || value === null || Number(value) < 0 ? Number.POSITIVE_INFINITY : Number(value);

/** Whether everything is younger than a limit in milliseconds allows: then nothing goes by it. */
export const allYounger = ({ oldest }: Holding, milliseconds: number, now = Date.now()): boolean =>
  oldest !== undefined && now - oldest.getTime() < milliseconds;

/** Why a change in place is not made by which the broker would delete some of what is held. `changes`: each as `retention.ms 1000 in place of 5000`. */
export function wouldDelete(name: string, changes: readonly string[], holding: Holding, stack: string): string {
  return [
    `${name} holds ${describe(holding)}: with ${changes.join(" and ")} the broker would delete what is beyond that.`,
    `  Leave it until they may go. Or lose them on purpose, once: name ${name} in messaging:allowDataLoss of Pulumi.${stack}.yaml.`,
  ].join("\n");
}

/** The change in words. */
export const inWords = ({ setting, from, to }: Lower): string =>
  `${setting} ${to} in place of ${Number.isFinite(from) ? from : "no limit"}`;
