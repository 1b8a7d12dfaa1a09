import type { Flow } from "../flow.ts";
import { durationText } from "../text.ts";
import type { Node } from "./chart.ts";

/** The shape of a flow's work queue, topic, stream or channel. */
export function shapeOf({ broker, kind }: Flow): Node["shape"] {
  if (broker === "kafka") return "topic";
  return kind === "channel" ? "channel" : "queue";
}

/** The subgraph that a flow stands in: its broker, and of Redis its server. */
export const subgraphOf = ({ broker, instance }: Flow): string =>
  instance === undefined ? broker : `${broker}/${instance}`;

/** `orders.dlq`, `2 dead-letter topics`, in words: how often is tried and how long is waited. */
export const deliveries = (count: number): string => `after ${count} ${count === 1 ? "delivery" : "deliveries"}`;

/** `1s, 2s`; `30s, 8 times` where all are alike. */
export function delaysText(delays: readonly number[]): string {
  const [first] = delays;
  if (delays.length > 2 && delays.every((delay) => delay === first))
    return `${durationText(first!)}, ${delays.length} times`;
  return [...new Set(delays)].map(durationText).join(", ");
}

/** The places of tiers, each after the first without what it has in common with it: `user-events.mailer.retry.1000, .2000`. */
export function tierNames(places: readonly string[]): string {
  const [first = "", ...others] = places;
  const common = first.lastIndexOf(".");
  const shortened = others.map((place) => (place.startsWith(first.slice(0, common + 1)) ? place.slice(common) : place));
  return [first, ...shortened].join(", ");
}
