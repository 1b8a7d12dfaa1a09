import { setTimeout as wait } from "node:timers/promises";
import type { Channel } from "rabbitmq-client";
import { seemsReady } from "./batch.ts";

/** By then the management API's figures are of the time at which the wait began, too. */
const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 500;

/** What others have in hand of a queue. */
export interface Others {
  channel: Channel;
  queue: string;
  /** How many they have, by a figure that may be some seconds old. */
  figure: () => Promise<number>;
  /** As far as is known. */
  inHand: number;
  /** Whether they took some of them a moment ago, so that an old figure of 0 says nothing. */
  justNow: boolean;
  /** Milliseconds to wait for them. Default: ten seconds. */
  patience?: number | undefined;
}

/** Waits until others give some back, and says how many wait in the queue again, and how many they keep where none does for long. */
export async function waitForOthers(others: Others): Promise<{ back: number; kept: number }> {
  const { channel, queue, figure, inHand, justNow, patience = PATIENCE_MS } = others;
  for (const end = Date.now() + patience; ; await wait(LOOK_AGAIN_MS)) {
    const ready = await seemsReady(channel, queue);
    if (ready > 0) return { back: Math.min(ready, inHand), kept: 0 };
    const kept = await figure().catch(() => inHand);
    if ((kept <= 0 && !justNow) || Date.now() > end) return { back: 0, kept: Math.max(0, kept) };
  }
}
