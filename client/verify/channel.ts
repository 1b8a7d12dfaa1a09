import { setTimeout as wait } from "node:timers/promises";
import type { ChannelCheck } from "./plan.ts";
import { type Tools, Untouchable } from "./run.ts";

/** How long a message of Pub/Sub is waited for. */
const PATIENCE_MS = 2_000;

/** Sends one message over the channel, or over one of its own where the channel's name leaves it open, and says what the subscriber heard. */
export async function checkChannel(tools: Tools, { flow, publisher, subscriber }: ChannelCheck): Promise<string[]> {
  const listeners = (await tools.operator.listeners?.(flow)) ?? 0;
  if (listeners > 0)
    throw new Untouchable(`${listeners} subscribers may listen, and a message of Pub/Sub cannot be meant for one`);
  const channel = flow.replace(/\*$/, `messaging-verify-${tools.run}`);
  let heard = 0;
  const listener = await tools.clientOf(subscriber).listen(channel, () => void heard++);
  try {
    await tools.clientOf(publisher).broadcast(channel, JSON.stringify({ verify: tools.run }));
    for (const end = Date.now() + PATIENCE_MS; heard === 0 && Date.now() < end; ) await wait(10);
    await wait(100);
  } finally {
    await listener.stop();
  }
  return heard === 1 ? [] : [`a message must be heard once, and was ${heard} times`];
}
