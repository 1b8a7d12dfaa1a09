import { setTimeout as wait } from "node:timers/promises";
import { connect, type Delivery } from "../../client/index.ts";
import type { Apps } from "../engine/replaceTraffic.ts";

/** Deliveries in all of a message that fails. */
export const ATTEMPTS = 3;
/** Publishes at the same time, each waiting for its confirm. */
const PUBLISHERS = 4;
const PAUSE_MS = 20;

/** What became of the traffic on one flow. */
export interface Figures {
  confirmed: number;
  delivered: number;
  /** Good ones that were confirmed and neither handled nor dead-lettered, and bad ones that are not in the dead letters. */
  lost: number;
  /** Good ones that were handled again, as often as that was. */
  duplicates: number;
  deadLetters: number;
  deadLettersTwice: number;
  /** In the dead letters though good, or handled fewer times than a message has attempts. */
  withoutLastAttempt: number;
  /** Milliseconds. */
  longestPublishing: number;
  longestHandling: number;
}

/** Traffic on a flow until it is stopped; every tenth message fails each time. */
export async function traffic(apps: Apps, flow: string) {
  const [shop, mill] = [connect(apps.shop), connect(apps.mill)];
  const confirmed = new Set<string>();
  const calls = new Map<string, number>();
  // Dead letters of an earlier run are not taken for this one's.
  const run = Date.now().toString(36);
  let next = 0;
  let stopping = false;
  /** The longest time between two events of a kind. */
  const standstill = () => {
    let last = performance.now();
    const seen = {
      longest: 0,
      tick() {
        seen.longest = Math.max(seen.longest, performance.now() - last);
        last = performance.now();
      },
    };
    return seen;
  };
  const [publishing, handling] = [standstill(), standstill()];
  const refused: string[] = [];
  const told = new Set<string>();

  const handle = ({ body }: Delivery) => {
    const text = body.toString();
    calls.set(text, (calls.get(text) ?? 0) + 1);
    handling.tick();
    if (text.startsWith("bad")) throw new Error("bad");
  };
  await mill.consume(flow, handle, { onError: ({ message }) => told.add(message) });
  const running = Array.from({ length: PUBLISHERS }, async () => {
    while (!stopping) {
      const number = next++;
      const body = `${number % 10 === 0 ? "bad" : "good"} ${run} ${number}`;
      try {
        await shop.publish(flow, { body, ...(flow.startsWith("kafka/") && { key: `k${number % 40}` }) });
        confirmed.add(body);
        publishing.tick();
      } catch (error) {
        // What was not confirmed is not owed; whoever publishes tries again with the next.
        if ((error as Error).name !== "ConnectionError") refused.push((error as Error).message);
        await wait(200);
      }
      await wait(PAUSE_MS);
    }
  });

  const isBad = (body: string) => body.startsWith("bad");
  return {
    refused,
    /** What the consumer told, each once. */
    told,
    /** Ends publishing, and waits until every good message is handled, for three minutes at most, and the bad ones have had their time. */
    async drained(): Promise<void> {
      stopping = true;
      await Promise.all(running);
      for (const end = Date.now() + 180_000; Date.now() < end; await wait(500)) {
        const waiting = [...confirmed].filter((body) => (calls.get(body) ?? 0) < (isBad(body) ? ATTEMPTS : 1));
        if (waiting.length === 0) break;
      }
      await wait(5_000);
      await Promise.all([shop.close(), mill.close()]);
    },
    /** `dead`: the bodies of all dead letters, those of earlier runs included. */
    figures(dead: readonly string[]): Figures {
      const times = new Map<string, number>();
      for (const body of dead.filter((text) => text.includes(` ${run} `))) times.set(body, (times.get(body) ?? 0) + 1);
      const owed = [...confirmed];
      const good = owed.filter((body) => !isBad(body));
      return {
        confirmed: owed.length,
        delivered: owed.filter((body) => calls.has(body)).length,
        lost: owed.filter((body) => !times.has(body) && (isBad(body) || !calls.has(body))).length,
        duplicates: good.reduce((sum, body) => sum + Math.max(0, (calls.get(body) ?? 0) - 1), 0),
        deadLetters: times.size,
        deadLettersTwice: [...times.values()].filter((count) => count > 1).length,
        withoutLastAttempt: [...times.keys()].filter((body) => !isBad(body) || (calls.get(body) ?? 0) < ATTEMPTS)
          .length,
        longestPublishing: Math.round(publishing.longest),
        longestHandling: Math.round(handling.longest),
      };
    },
  };
}
