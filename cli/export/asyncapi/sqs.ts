import { fifoDeadLetterName, fifoName, type SqsQueue, type SqsSkill, toSeconds } from "../../../skill/index.ts";
import type { Flow } from "../flow.ts";
import { DEAD_LETTER_RETENTION } from "../sqs.ts";
import { idOf } from "./ids.ts";
import { carried } from "./messages.ts";
import type { Channel, Part } from "./model.ts";
import { type Act, operationsOf, retryExtension } from "./operations.ts";

const bindingVersion = "0.2.0";

/** The queues with their dead-letter queues, and what apps do on them. */
export function sqsPart(sqs: SqsSkill | undefined, flows: readonly Flow[]): Part {
  const channels: Record<string, Channel> = {};
  const acts: Act[] = [];
  for (const [name, spec] of Object.entries(sqs?.queues ?? {})) {
    const [queue, dead] = [fifoName(name), fifoDeadLetterName(name)];
    const work = [idOf("sqs-queue", queue), workChannel(name, spec)] as const;
    const letters = [idOf("sqs-queue", dead), deadChannel(name, spec)] as const;
    channels[work[0]] = work[1];
    if (spec.onPoison === "deadLetter") channels[letters[0]] = letters[1];
    for (const app of spec.producers) {
      acts.push({ app, action: "send", at: work, does: `sends to ${queue}`, bindings: operation(name, spec) });
    }
    for (const consumer of flows.find((flow) => flow.place === queue)?.consumers ?? []) {
      const { app } = consumer;
      const failures = consumer.deadLetters && retryExtension(consumer, { retry: String, deadLetter: letters[0] });
      const bindings = operation(name, spec);
      acts.push({
        app,
        action: "receive",
        at: work,
        does: `receives from ${queue}`,
        bindings,
        ...withExtensions(failures),
      });
      if (failures) acts.push({ app, action: "send", at: letters, does: `gives up a message of ${queue}` });
    }
  }
  return { channels, operations: operationsOf(acts) };
}

const withExtensions = (failures: ReturnType<typeof retryExtension> | undefined | "") =>
  failures ? { extensions: failures } : {};

const workChannel = (name: string, spec: SqsQueue): Channel => ({
  address: fifoName(name),
  title: fifoName(name),
  summary: `A FIFO queue. What always fails ${spec.onPoison === "block" ? "blocks its message group" : "goes to its dead letters"}.`,
  messages: carried("sqs", "message"),
  bindings: {
    sqs: {
      queue: queueOf(name, spec),
      ...(spec.onPoison === "deadLetter" && { deadLetterQueue: deadLetterQueueOf(name, spec) }),
      bindingVersion,
    },
  },
  "x-content-based-deduplication": spec.contentBasedDeduplication,
  "x-on-poison": spec.onPoison,
});

const deadChannel = (name: string, spec: SqsQueue): Channel => ({
  address: fifoDeadLetterName(name),
  title: fifoDeadLetterName(name),
  summary: `The dead letters of ${fifoName(name)}.`,
  messages: carried("sqs", "deadLetter"),
  bindings: { sqs: { queue: deadLetterQueueOf(name, spec), bindingVersion } },
});

const operation = (name: string, spec: SqsQueue) => ({ sqs: { queues: [queueOf(name, spec)], bindingVersion } });

function queueOf(name: string, spec: SqsQueue) {
  const { onPoison, retry, retention } = spec;
  return {
    ...shared(fifoName(name), spec),
    messageRetentionPeriod: toSeconds(retention),
    ...(onPoison === "deadLetter" && {
      redrivePolicy: { deadLetterQueue: { name: fifoDeadLetterName(name) }, maxReceiveCount: retry.maxAttempts },
    }),
  };
}

const deadLetterQueueOf = (name: string, spec: SqsQueue) => ({
  ...shared(fifoDeadLetterName(name), spec),
  messageRetentionPeriod: toSeconds(DEAD_LETTER_RETENTION),
});

const shared = (name: string, { highThroughput, visibilityTimeout }: SqsQueue) => ({
  name,
  fifoQueue: true,
  deduplicationScope: highThroughput ? "messageGroup" : "queue",
  fifoThroughputLimit: highThroughput ? "perMessageGroupId" : "perQueue",
  visibilityTimeout: toSeconds(visibilityTimeout),
});
