import { createHash } from "node:crypto";
import type { Channel } from "rabbitmq-client";
import { headersIn, tableOf } from "./content.ts";
import { isKeptInPlace } from "./properties.ts";
import type { Received } from "./rawBodies.ts";

/**
 * The dead letters that a long run leaves where they are. They stay unacknowledged, so that the run meets each once and none changes its
 * place. But a broker closes a channel that holds a message for long (`consumer_timeout`), so after a while all of them are given back
 * and taken again: a quorum queue gives out what came back first.
 */
export interface Keeping {
  /** How many are in hand. */
  readonly held: number;
  /** How many were given back and are still to be met again. */
  readonly expected: number;
  keep(message: Received): void;
  /** Whether a message is one that was given back; it is kept again. */
  isBack(message: Received): boolean;
  /** Gives all back where they were held for long; tells how many. */
  renew(channel: Channel): number;
  /** Gives all back, the oldest first; tells how many. All at once would come back in any order. */
  giveBack(channel: Channel): number;
}

/** `hold`: how long they are held, in milliseconds. */
export function keeping(hold: number): Keeping {
  let inHand: { print: string; deliveryTag: number }[] = [];
  let since = 0;
  const back = new Map<string, number>();
  let expected = 0;
  const hand = (print: string, { deliveryTag }: Received) => {
    if (inHand.length === 0) since = Date.now();
    inHand.push({ print, deliveryTag });
  };
  const giveBack = (channel: Channel) => {
    for (const { print, deliveryTag } of inHand) {
      channel.basicNack({ deliveryTag, requeue: true });
      back.set(print, (back.get(print) ?? 0) + 1);
    }
    const count = inHand.length;
    expected += count;
    inHand = [];
    return count;
  };
  return {
    get held() {
      return inHand.length;
    },
    get expected() {
      return expected;
    },
    keep: (message) => hand(printOf(message), message),
    isBack(message) {
      if (back.size === 0) return false;
      const print = printOf(message);
      const count = back.get(print);
      if (count === undefined) return false;
      if (count > 1) back.set(print, count - 1);
      else back.delete(print);
      expected--;
      hand(print, message);
      return true;
    },
    renew: (channel) => (inHand.length > 0 && Date.now() - since >= hold ? giveBack(channel) : 0),
    giveBack,
  };
}

/** By what a message is known when it comes again: some have no identity, and the broker counts its deliveries in a header. */
function printOf({ properties, body }: Received): string {
  const hash = createHash("sha1");
  for (const [name, value] of properties) if (name !== "headers") hash.update(value);
  const headers = headersIn(properties.get("headers")).filter(({ name }) => isKeptInPlace(name));
  hash.update(tableOf(headers));
  return hash.update(body).digest("base64");
}
