import type { Consumer } from "../flow.ts";
import { ref } from "./ids.ts";
import type { Channel, Operation } from "./model.ts";

/** Something that an app does on a channel. */
export interface Act {
  app: string;
  group?: string;
  action: Operation["action"];
  /** The channel's identifier and the channel. */
  at: readonly [string, Channel];
  /** In words: `publishes to the queue orders`. */
  does: string;
  bindings?: Operation["bindings"];
  extensions?: Record<`x-${string}`, unknown>;
}

/** The operations of these acts, each app's on a channel once. */
export const operationsOf = (acts: readonly Act[]): Record<string, Operation> =>
  Object.fromEntries(acts.map((act) => [operationId(act), toOperation(act)]));

const operationId = ({ app, group, action, at: [channel] }: Act): string =>
  [app, ...(group === undefined ? [] : [group]), action, channel].join(".");

function toOperation({ app, action, at: [id, channel], does, bindings, extensions }: Act): Operation {
  return {
    action,
    channel: ref("channels", id),
    title: `${app} ${does}`,
    tags: [{ name: app }],
    messages: Object.keys(channel.messages).map((message) => ref("channels", id, "messages", message)),
    ...(bindings && { bindings }),
    "x-app": app,
    ...extensions,
  };
}

/** What becomes of a delivery that fails: the skill's retry, each delay in milliseconds, and where the message waits and ends. */
export function retryExtension(
  { retry, delays, tiers, maxAttempts }: Consumer,
  channels: { retry: (place: string) => string; deadLetter: string },
) {
  return {
    "x-retry": {
      maxAttempts,
      ...(retry && { backoff: retry.backoff, initialDelay: retry.initialDelay, maxDelay: retry.maxDelay }),
      delays,
      ...(tiers.length > 0 && { channels: tiers.map(({ place }) => ref("channels", channels.retry(place))) }),
    },
    "x-dead-letters": ref("channels", channels.deadLetter),
  };
}
