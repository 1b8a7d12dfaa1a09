import type * as pulumi from "@pulumi/pulumi";
import { deadLetterQueueName, type RabbitmqSkill } from "../../skill/index.ts";
import { type Replacing, replacedIn } from "../replacing.ts";
import { Drain, type DrainArgs, type Inlet } from "./drain.ts";
import { type DurableQueue, sortedJson } from "./durableQueue.ts";
import { bindingsOf, DEAD_LETTER_EXCHANGE } from "./exchanges.ts";
import { RetryRedirect } from "./retryRedirect.ts";

export interface ReplacementsArgs {
  /** The skill's RabbitMQ part, whole. */
  spec: RabbitmqSkill;
  /** The delays of the vhost's tiers, in milliseconds. */
  delays: readonly number[];
  vhost: pulumi.Input<string>;
  /** The queues that are declared, by name. */
  queues: ReadonlyMap<string, DurableQueue>;
  access: DrainArgs["access"];
  replacing: Replacing | undefined;
}

/** Declares what moves the messages of replaced queues; nothing where the skill replaces none. */
export function declareReplacements(args: ReplacementsArgs, opts: pulumi.ComponentResourceOptions): void {
  const { spec, delays, vhost, queues, access, replacing } = args;
  const replaced = Object.entries(spec.replace ?? {});
  if (replaced.length === 0) return;
  const redirected = delays.length > 0 ? [new RetryRedirect("messaging.replaced", redirectArgs(args), opts)] : [];
  for (const [old, next] of replaced) {
    const from = queues.get(old);
    const to = queues.get(next)!;
    if (!from) continue;
    const { seen } = replacedIn(replacing, old);
    const moves = [
      { from: from.queue, to: to.queue, work: true },
      { from: from.deadLetterQueue!, to: to.deadLetterQueue!, work: false },
    ];
    new Drain(
      old,
      { access, vhost, inlets: oldInlets(spec, old), moves, seen },
      { ...drainOptions(opts), dependsOn: [from, to, ...redirected] },
    );
  }
}

const drainOptions = ({ parent, deletedWith }: pulumi.ComponentResourceOptions): pulumi.CustomResourceOptions => ({
  ...(parent && { parent }),
  ...(deletedWith && { deletedWith }),
});

function redirectArgs({ spec, delays, vhost, queues }: ReplacementsArgs) {
  const replace = spec.replace ?? {};
  const target = (name: string) => queues.get(Object.hasOwn(replace, name) ? replace[name]! : name)!.queue;
  const waitedFor = Object.entries(spec.queues).filter(([, { deadLetter }]) => deadLetter);
  return { vhost, delays, targets: Object.fromEntries(waitedFor.map(([name]) => [name, target(name)])) };
}

/** What led into the old queue and its dead-letter queue before it was replaced. */
export function oldInlets(spec: RabbitmqSkill, old: string): Inlet[] {
  const bindings = bindingsOf(old, spec.queues[old]!).map(({ exchange, routingKey, arguments: headers }) => ({
    exchange,
    queue: old,
    routingKey,
    ...(headers && { argumentsJson: sortedJson(headers) }),
  }));
  return [...bindings, { exchange: DEAD_LETTER_EXCHANGE, queue: deadLetterQueueName(old), routingKey: old }];
}
