import { delaysOf, type Expected, entries, type Written } from "./oracle.ts";
import { onKafka } from "./oracleKafka.ts";
import { onRabbitmq } from "./oracleRabbitmq.ts";
import { onRedis } from "./oracleRedis.ts";
import { onSqs, SQS_ACTIONS } from "./oracleSqs.ts";

/** One right: which broker, what may be done, and on what. */
type Row = [broker: string, right: string, on: string];

/** Who may do what by a skill, as a Markdown table: what the oracle allows of all that could be done with what the skill makes. */
export function accessTable(skill: Written): string {
  const lines = Object.keys(skill.apps).flatMap((app) => {
    const rows = [...ofRabbitmq(skill, app), ...ofKafka(skill, app), ...ofSqs(skill, app), ...ofRedis(skill, app)];
    return merged(rows).map(([broker, right, on], at) => `| ${at === 0 ? app : ""} | ${broker} | ${right} | ${on} |`);
  });
  return ["| app | broker | may | on |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

/** What may be done on the same things stands together, and so do the things on which the same may be done. */
function merged(rows: Row[]): Row[] {
  const byThing = grouped(rows, ([broker, , on]) => `${broker}\n${on}`).map(
    (same): Row => [same[0]![0], [...new Set(same.map(([, right]) => right))].join(", "), same[0]![2]],
  );
  return grouped(byThing, ([broker, right]) => `${broker}\n${right}`).map(
    (same): Row => [same[0]![0], same[0]![1], same.map(([, , on]) => on).join(", ")],
  );
}

function grouped(rows: Row[], by: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(by(row), [...(groups.get(by(row)) ?? []), row]);
  return [...groups.values()];
}

const code = (text: string) => `\`${text}\``;
const rightOf = (right: string, { hole }: Expected): string => (hole ? `${right} (*)` : right);

function ofRabbitmq(skill: Written, app: string): Row[] {
  const queues = entries(skill.rabbitmq?.queues);
  const publishing = queues.flatMap(([name, queue]) => [
    ...(queue.bindings ?? [{ exchange: "messaging.work", routingKey: name }]),
    { exchange: "messaging.dead-letter", routingKey: name },
    ...entries(queue.consumers).flatMap(([, { retry }]) =>
      delaysOf(retry, queue.retry, skill.retry).map((delay) => ({
        exchange: `messaging.retry.${delay}ms`,
        routingKey: name,
      })),
    ),
  ]);
  const published = publishing.flatMap(({ exchange, routingKey = "" }): Row[] => {
    const key = routingKey.replaceAll("#", "a").replaceAll("*", "a");
    const on = routingKey === "" ? code(exchange) : `${code(exchange)} with key ${code(routingKey)}`;
    return onRabbitmq(skill, app, { action: "publish", exchange, key }).allowed ? [["RabbitMQ", "publish", on]] : [];
  });
  const taken = queues.flatMap(([name]) =>
    [name, `${name}.dlq`].flatMap((queue) =>
      (["consume", "get", "purge", "declare", "delete"] as const).flatMap((action): Row[] => {
        const answer = onRabbitmq(skill, app, { action, queue });
        return answer.allowed ? [["RabbitMQ", rightOf(action, answer), code(queue)]] : [];
      }),
    ),
  );
  return [...published, ...taken];
}

function ofKafka(skill: Written, app: string): Row[] {
  return entries(skill.kafka?.topics).flatMap(([name, { consumers }]) => {
    const failures = entries(consumers).flatMap(([group, consumer]) => [
      ...(consumer.ordered ? [] : delaysOf(consumer.retry, skill.retry)).map(
        (delay) => `${name}.${group}.retry.${delay}`,
      ),
      `${name}.${group}.dlt`,
    ]);
    const topics = [name, ...failures].flatMap((topic) =>
      (["write", "read", "describe", "alter configs", "delete topic"] as const).flatMap((action): Row[] =>
        onKafka(skill, app, { action, topic }).allowed ? [["Kafka", action, code(topic)]] : [],
      ),
    );
    const groups = Object.keys(consumers ?? {}).flatMap((group) =>
      (["join group", "describe group", "delete group"] as const).flatMap((action): Row[] =>
        onKafka(skill, app, { action, group }).allowed ? [["Kafka", action, `group ${code(group)}`]] : [],
      ),
    );
    return [...topics, ...groups];
  });
}

const ofSqs = (skill: Written, app: string): Row[] =>
  entries(skill.sqs?.queues).flatMap(([name]) =>
    [`${name}.fifo`, `${name}-dlq.fifo`].flatMap((queue) =>
      SQS_ACTIONS.flatMap((action): Row[] =>
        onSqs(skill, app, { action, queue, tls: true }).allowed ? [["SQS", code(action), code(queue)]] : [],
      ),
    ),
  );

function ofRedis(skill: Written, app: string): Row[] {
  return entries(skill.redis?.instances).flatMap(([instance, { channels, streams, keys }]) => {
    const ask = (tried: Parameters<typeof onRedis>[3]) => onRedis(skill, instance, app, tried);
    const row = (right: string, on: string, answer: Expected): Row[] =>
      answer.allowed ? [[`Redis ${code(instance)}`, rightOf(right, answer), on]] : [];
    return [
      ...Object.keys(channels ?? {}).flatMap((channel) => [
        ...row("publish", `channels ${code(channel)}`, ask({ action: "publish", channel })),
        ...row("subscribe", `channels ${code(channel)}`, ask({ action: "subscribe", channel })),
      ]),
      ...entries(streams).flatMap(([stream, { consumers }]) => [
        ...row("add", `stream ${code(stream)}`, ask({ action: "add to stream", stream, group: "" })),
        ...Object.keys(consumers ?? {}).flatMap((group) => [
          ...(["read group", "acknowledge", "claim", "look at groups", "trim", "drop consumer"] as const).flatMap(
            (action) => row(action, `stream ${code(stream)}, group ${code(group)}`, ask({ action, stream, group })),
          ),
          ...row(
            "add",
            `stream ${code(`${stream}.${group}.dlq`)}`,
            ask({ action: "add to stream", stream: `${stream}.${group}.dlq`, group }),
          ),
        ]),
      ]),
      ...Object.keys(keys ?? {}).flatMap((pattern) =>
        row(
          "read, write, expire, delete",
          `keys ${code(pattern)}`,
          ask({ action: "key", command: "GET $1", keys: [pattern] }),
        ),
      ),
    ];
  });
}
