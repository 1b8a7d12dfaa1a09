import type { SqsSkill } from "../../skill/index.ts";
import { type FormerSqs, keptFor } from "../former.ts";

type Places = Pick<FormerSqs, "receives">;
/** What an app was told of the queues that it consumes, by their names in the skill. */
export type Consumed = Record<string, { maxReceiveCount?: number }>;

/** How often an earlier output told an app that its messages are received. */
export const placesOf = (consumes: Consumed): Places => ({
  receives: Object.entries(consumes).flatMap(([queue, { maxReceiveCount }]) =>
    maxReceiveCount === undefined ? [] : [{ queue, maxReceiveCount }],
  ),
});

/** Those of an app's earlier counts that are higher than the skill's, of queues that are still the app's. */
export const formerPlaces = (spec: SqsSkill, app: string, { receives }: Places): Places => ({
  receives: receives.filter(({ queue, maxReceiveCount }) => {
    const now = Object.hasOwn(spec.queues, queue) ? spec.queues[queue]! : undefined;
    return now?.onPoison === "deadLetter" && now.consumers.includes(app) && maxReceiveCount > now.retry.maxAttempts;
  }),
});

/** The highest former count of a queue, and why it is kept, in words; undefined: none is. */
export function formerReceives(former: readonly FormerSqs[], queue: string) {
  const all = former.flatMap(({ app, receives }) => receives.map((one) => ({ app, ...one })));
  const own = all.filter((one) => one.queue === queue);
  if (own.length === 0) return undefined;
  const maxReceiveCount = Math.max(...own.map((one) => one.maxReceiveCount));
  return { maxReceiveCount, kept: keptFor(own.map(({ app }) => app)) };
}
