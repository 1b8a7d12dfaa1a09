import { byteLength } from "../nameRules.ts";
import { deadLetterQueueName } from "../names.ts";
import { type Finding, type Path, shown } from "../problem.ts";
import type { RabbitmqBinding } from "../rabbitmq.ts";
import type { SkillDocument } from "../schema.ts";
import { valueAt } from "../shape.ts";
import { nearest } from "../suggestion.ts";

const queuesOf = ({ rabbitmq }: SkillDocument) =>
  Object.entries(rabbitmq?.queues ?? {}).map(([name, queue]) => ({ name, queue, path: ["rabbitmq", "queues", name] }));

/** Bindings name declared exchanges, each once, and say what the exchange's type needs. */
export function rabbitmqBindings(document: SkillDocument, input: unknown): Finding[] {
  const written = valueAt(input, ["rabbitmq", "exchanges"]) ?? {};
  const declared = typeof written === "object" ? Object.keys(written) : [];
  return queuesOf(document).flatMap(({ queue, path }) => {
    const first = new Map(queue.bindings.map((binding, at) => [identity(binding), at] as const).reverse());
    return queue.bindings.flatMap((binding, at) => {
      const here = [...path, "bindings", at];
      if (!declared.includes(binding.exchange)) return [unknownExchange([...here, "exchange"], binding, declared)];
      const type = document.rabbitmq?.exchanges[binding.exchange]?.type;
      const same = first.get(identity(binding))!;
      const reads = [here, [...path, "bindings", same]];
      return [
        ...(same < at ? [{ path: here, rule: `not repeat bindings[${same}]`, got: "the same again", reads }] : []),
        ...keyFindings(type, binding, [...here, "routingKey"]),
        ...argumentFindings(type, binding, [...here, "arguments"]),
      ];
    });
  });
}

const unknownExchange = (path: Path, { exchange }: RabbitmqBinding, declared: string[]): Finding => ({
  path,
  rule: "name an exchange that rabbitmq.exchanges declares",
  got: shown(exchange) + nearest(exchange, declared),
});

const identity = ({ exchange, routingKey, arguments: headers = {} }: RabbitmqBinding): string =>
  JSON.stringify([exchange, routingKey, Object.entries(headers).sort()]);

function keyFindings(type: string | undefined, { routingKey }: RabbitmqBinding, path: Path): Finding[] {
  if (type !== "direct" && type !== "topic") return [];
  if (routingKey === "") return [{ path, rule: `be set, as the exchange is of type ${type}`, got: shown(routingKey) }];
  const wild = routingKey.split(".").filter((word) => /[*#]/.test(word));
  if (type === "direct" && wild.length > 0) {
    return [{ path, rule: "hold no * or #, which a direct exchange takes literally", got: shown(routingKey) }];
  }
  if (wild.every((word) => word === "*" || word === "#")) return [];
  return [{ path, rule: "have * and # as whole words only, such as order.*", got: shown(routingKey) }];
}

const matches = ["all", "any", "all-with-x", "any-with-x"];

function argumentFindings(type: string | undefined, { arguments: headers }: RabbitmqBinding, path: Path): Finding[] {
  if (type === undefined || headers === undefined) return [];
  if (type !== "headers") {
    return [{ path, rule: `be set for a headers exchange only, not one of type ${type}`, got: shown(headers) }];
  }
  const match = headers["x-match"];
  if (match === undefined || matches.includes(String(match))) return [];
  return [{ path: [...path, "x-match"], rule: `be one of ${matches.join(", ")}`, got: shown(match) }];
}

/** A stream keeps what was read: it has no retry, no dead letters and no length, and only it has a retention. */
export const streamQueues = (document: SkillDocument): Finding[] =>
  queuesOf(document).flatMap(({ queue, path }) => {
    const reads = [[...path, "type"]];
    if (queue.type !== "stream") {
      if (queue.retention === undefined) return [];
      const rule = "be set for a stream only; other queues keep a message until it is consumed";
      return [{ path: [...path, "retention"], rule, got: shown(queue.retention), reads }];
    }
    const retry = "not be set for a stream, which keeps a failed message where it is";
    return [
      { path: [...path, "retry"], rule: retry, value: queue.retry },
      {
        path: [...path, "deadLetter"],
        rule: "not be set for a stream, which has no dead letters",
        value: queue.deadLetter,
      },
      { path: [...path, "maxLength"], rule: "not be set for a stream, which retention limits", value: queue.maxLength },
      ...Object.entries(queue.consumers).map(([app, consumer]) => ({
        path: [...path, "consumers", app, "retry"],
        rule: retry,
        value: consumer.retry,
      })),
    ]
      .filter(({ value }) => value !== undefined)
      .map(({ value, ...finding }) => ({ ...finding, got: shown(value), reads }));
  });

const longestName = 255;

/** The dead-letter queues have names that RabbitMQ takes and that no other queue has. */
export function rabbitmqNames(document: SkillDocument): Finding[] {
  const queues = queuesOf(document);
  const working = queues.filter(({ queue }) => queue.type !== "stream");
  const owners = new Map(working.map((owner) => [deadLetterQueueName(owner.name), owner] as const));
  const taken = queues.flatMap(({ name, path }) => {
    const owner = owners.get(name);
    if (owner === undefined) return [];
    const rule = `not be named as the dead-letter queue of ${owner.name} is`;
    return [{ path, rule, got: shown(name), reads: [[...owner.path, "type"]] }];
  });
  return [...taken, ...working.flatMap(({ name, path }) => tooLong(name, path))];
}

function tooLong(name: string, path: Path): Finding[] {
  const [length, full] = [byteLength(name), byteLength(deadLetterQueueName(name))];
  if (length > longestName || full <= longestName) return [];
  const rule = `be at most ${longestName - full + length} bytes long, as .dlq is added to it`;
  return [{ path, rule, got: `${length} bytes`, reads: [[...path, "type"]] }];
}
