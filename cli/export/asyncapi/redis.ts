import type { Consumer, Flow } from "../flow.ts";
import { patternAddress } from "./address.ts";
import { idOf, ref } from "./ids.ts";
import { carried, type MessageKind } from "./messages.ts";
import type { Channel, Part } from "./model.ts";
import { type Act, operationsOf, retryExtension } from "./operations.ts";

/** The streams with their dead letters and the channels of Redis. Its binding is empty in AsyncAPI, so what it has are extensions. */
export function redisPart(flows: readonly Flow[]): Part {
  const channels: Record<string, Channel> = {};
  const acts: Act[] = [];
  for (const flow of flows) {
    if (flow.kind === "channel") acts.push(...addChannel(flow, channels));
    if (flow.kind === "stream") acts.push(...addStream(flow, channels));
  }
  return { channels, operations: operationsOf(acts) };
}

function addChannel({ instance, place, producers, consumers }: Flow, channels: Record<string, Channel>): Act[] {
  const id = idOf("redis-channel", instance!, place);
  const { address, parameters } = patternAddress(place);
  const channel: Channel = {
    address,
    title: place,
    summary: "A Pub/Sub channel: who is not listening misses the message.",
    messages: { broadcast: ref("components", "messages", "redisBroadcast") },
    ...(parameters && { parameters }),
    "x-redis": { instance, kind: "channel", pattern: place },
  };
  channels[id] = channel;
  return [
    ...producers.map((app): Act => ({ app, action: "send", at: [id, channel], does: `publishes to ${place}` })),
    ...consumers.map(({ app }): Act => ({ app, action: "receive", at: [id, channel], does: `listens to ${place}` })),
  ];
}

function addStream({ instance, place, producers, consumers }: Flow, channels: Record<string, Channel>): Act[] {
  const add = (stream: string, kind: MessageKind, summary: string) => {
    const id = idOf("redis-stream", instance!, stream);
    const messages = carried("redis", kind);
    channels[id] = { address: stream, title: stream, summary, messages, "x-redis": { instance, kind: "stream" } };
    return [id, channels[id]] as const;
  };
  const work = add(place, "message", "A stream.");
  return [
    ...producers.map((app): Act => ({ app, action: "send", at: work, does: `adds to ${place}` })),
    ...consumers.flatMap((consumer) => {
      const dead = add(consumer.deadLetters!, "deadLetter", `The dead letters of ${consumer.group}.`);
      return consumes(place, consumer, work, dead);
    }),
  ];
}

function consumes(place: string, consumer: Consumer, work: Act["at"], dead: Act["at"]): Act[] {
  const { app, group } = consumer;
  const extensions = { "x-group": group, ...retryExtension(consumer, { retry: String, deadLetter: dead[0] }) };
  return [
    { app, group, action: "receive", at: work, does: `consumes ${place}`, extensions },
    { app, group, action: "send", at: dead, does: `gives up an entry of ${place}` },
  ];
}
