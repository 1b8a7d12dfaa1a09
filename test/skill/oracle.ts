import { type KafkaConsumer, type Skill, toMilliseconds } from "../../skill/index.ts";

/**
 * What a user would have to write for this parsed skill: all of it, less the retry where the broker has none, as the
 * parsed skill carries the inherited one there too.
 */
export function asInput(skill: Skill): unknown {
  const input = structuredClone(skill) as Skill & { rabbitmq?: { queues: Record<string, { retry?: unknown }> } };
  for (const queue of Object.values(input.rabbitmq?.queues ?? {})) {
    if ((queue as { type?: string }).type !== "stream") continue;
    strip(queue);
    for (const consumer of Object.values((queue as { consumers: object }).consumers)) strip(consumer);
  }
  for (const queue of Object.values(input.sqs?.queues ?? {})) {
    const { maxAttempts } = queue.retry;
    strip(queue);
    if (queue.onPoison === "deadLetter") Object.assign(queue, { retry: { maxAttempts } });
  }
  return input;
}

const strip = (holder: { retry?: unknown }): void => {
  delete holder.retry;
};

/**
 * What is wrong with the names that brokers are given for a skill, written down here once more from the brokers' own
 * documents, in the plainest way.
 */
export function badNames({ rabbitmq, kafka, sqs, redis }: Skill): string[] {
  const queues = Object.entries(rabbitmq?.queues ?? {});
  const rabbitmqNames = queues.flatMap(([name, { type }]) => (type === "stream" ? [name] : [name, `${name}.dlq`]));
  const topics = Object.entries(kafka?.topics ?? {}).flatMap(([name, { consumers }]) => [
    name,
    ...Object.keys(consumers).map((group) => `${name}.${group}.dlt`),
    ...Object.entries(consumers).flatMap(([group, consumer]) => retryTopics(`${name}.${group}`, consumer)),
  ]);
  const fifos = Object.entries(sqs?.queues ?? {}).flatMap(([name, { onPoison }]) =>
    onPoison === "block" ? [`${name}.fifo`] : [`${name}.fifo`, `${name}-dlq.fifo`],
  );
  const instances = Object.values(redis?.instances ?? {}).map(({ streams }) =>
    Object.entries(streams).flatMap(([name, { consumers }]) => [
      name,
      ...Object.keys(consumers).map((group) => `${name}.${group}.dlq`),
    ]),
  );
  return [
    ...repeated(rabbitmqNames),
    ...repeated(topics.map((name) => name.replaceAll(".", "_"))),
    ...repeated(fifos),
    ...instances.flatMap(repeated),
    ...rabbitmqNames.filter(
      (name) => new TextEncoder().encode(name).length > 255 || /^amq\.|[\s@/|\\%#?*]/i.test(name),
    ),
    ...topics.filter((name) => !/^[a-zA-Z0-9._-]{1,249}$/.test(name) || /^\.{1,2}$/.test(name)),
    ...fifos.filter((name) => !/^[A-Za-z0-9_-]{1,75}\.fifo$/.test(name)),
  ];
}

/** A retry topic for each distinct delay, in milliseconds; none where a failed record is tried again in place. */
function retryTopics(prefix: string, { ordered, retry }: KafkaConsumer): string[] {
  if (ordered) return [];
  const names: string[] = [];
  const [first, longest] = [toMilliseconds(retry.initialDelay), toMilliseconds(retry.maxDelay)];
  for (let before = 1, delay = first; before < retry.maxAttempts; before++) {
    const name = `${prefix}.retry.${Math.min(delay, longest)}`;
    if (!names.includes(name)) names.push(name);
    if (retry.backoff === "linear") delay += first;
    if (retry.backoff === "exponential") delay *= 2;
  }
  return names;
}

const repeated = (names: readonly string[]): string[] => names.filter((name, at) => names.indexOf(name) < at);
