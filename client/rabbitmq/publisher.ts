import { HEADERS } from "../headers.ts";
import { ConnectionError } from "../message.ts";
import { within } from "../within.ts";
import { headersIn, type Properties, tableOf } from "./content.ts";
import type { Link } from "./link.ts";
import { identityOf, type Outgoing, senderOn } from "./sender.ts";

export type { Outgoing } from "./sender.ts";

/** Publishes durably, and returns when the broker has taken the message into a queue. */
export interface Publisher {
  /**
   * Throws a RefusedError where the broker refuses or cannot route it, or where its headers are too large, and a ConnectionError where
   * that cannot be known. A message that was not confirmed in time is still underway: sent again, it is waited for, not published twice.
   * During an alarm, while {@link MOST_LATE} such messages are underway, others get the ConnectionError at once and are not sent.
   */
  send(message: Outgoing, body: Buffer): Promise<void>;
  /** Waits for every confirm. */
  close(): Promise<void>;
}

const CONFIRM_PATIENCE_MS = 30_000;
/** For so long a late confirm is known to whoever sends the message again, in milliseconds. */
const LATE_MS = 60_000;
/** So many late messages, with their bodies, are held for a broker that takes none: an alarm may last for hours. */
const MOST_LATE = 1_000;

/** A message that was not confirmed in time. Its channel may still hold it, and the broker may take it hours later. */
interface Late {
  message: Outgoing;
  body: Buffer;
  taken: Promise<void>;
}

/** The publisher of a link. */
export function publisherOn(link: Link, patience = CONFIRM_PATIENCE_MS): Publisher {
  const sender = senderOn(link);
  const underway = new Set<Promise<void>>();
  const late = new Map<string, Late[]>();
  const unconfirmed = new Set<Late>();

  async function sent(message: Outgoing, body: Buffer): Promise<void> {
    const place = `rabbitmq ${message.exchange || "default"} exchange, routing key ${message.routingKey}`;
    const before = late.get(identityOf(message))?.find((one) => isSame(one, message, body));
    if (before) forget(before);
    else if (unconfirmed.size >= MOST_LATE && link.blocked()) {
      throw new ConnectionError(
        `${place}: not sent, as the broker has yet to confirm ${MOST_LATE} messages or more that are late: ${link.blocked()}`,
        { state: link.blocked() },
      );
    }
    const one = before ?? { message, body, taken: sender.send(message, body, place) };
    let isLate = false;
    const tooLate = () => {
      isLate = true;
      const alarm = link.blocked();
      const why = alarm ?? "the broker may be short of memory or disk, or hang";
      const late = `${place}: the broker did not confirm within ${patience / 1000} s: ${why}`;
      return new ConnectionError(late, { state: alarm });
    };
    await within(patience, one.taken, tooLate).finally(() => {
      if (isLate) remember(one);
    });
  }

  function remember(one: Late): void {
    const identity = identityOf(one.message);
    late.set(identity, [...(late.get(identity) ?? []), one]);
    unconfirmed.add(one);
    const confirmed = () => unconfirmed.delete(one);
    one.taken.finally(confirmed).then(
      () => void setTimeout(forget, LATE_MS, one).unref(),
      () => forget(one),
    );
  }

  function forget(one: Late): void {
    const identity = identityOf(one.message);
    const others = (late.get(identity) ?? []).filter((other) => other !== one);
    if (others.length > 0) late.set(identity, others);
    else late.delete(identity);
  }

  return {
    send(message, body) {
      const sending = sent(message, body);
      const settled = sending.then(
        () => undefined,
        () => undefined,
      );
      underway.add(settled);
      settled.then(() => underway.delete(settled));
      return sending;
    },
    async close() {
      await Promise.all(underway);
      await sender.close();
    },
  };
}

/** Whether a message is one of its identity that is underway, whenever an app began to publish it. */
const isSame = (late: Late, message: Outgoing, body: Buffer): boolean =>
  late.message.exchange === message.exchange &&
  late.body.equals(body) &&
  timeless(late.message.properties).equals(timeless(message.properties));

const timeless = (properties: Properties): Buffer => {
  const headers = headersIn(properties.get("headers")).filter(({ name }) => name !== HEADERS.publishedAt);
  const others = [...properties].filter(([name]) => name !== "headers" && name !== "timestamp");
  return Buffer.concat([tableOf(headers), ...others.map(([, value]) => value)]);
};
