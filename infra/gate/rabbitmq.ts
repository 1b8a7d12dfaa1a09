import { REDIRECT_EXCHANGE } from "../../components/rabbitmq/retryRedirect.ts";
import { allHeld, type Held, type Holding, type RabbitmqLook } from "../../live/index.ts";
import type { Guarded, Properties } from "./guarded.ts";
import { asking as askingBroker, type Run } from "./run.ts";

const UNKNOWN = "nothing says how RabbitMQ is reached: keep messaging:rabbitmq until all of it is gone";

export const asking = <T>(run: Run, ask: (rabbitmq: RabbitmqLook) => Promise<T>): Promise<T> =>
  askingBroker(run, (look) => look.rabbitmq(), UNKNOWN, ask);

/** A queue of another vhost than the skill's does not have a name that the skill knows: none is there. */
export const queueName = ({ inputs }: { inputs: Properties }): string => `rabbitmq/${inputs.name}`;

const argumentsOf = ({ settings }: Properties): Properties => ({
  ...settings?.arguments,
  ...(settings?.argumentsJson && JSON.parse(settings.argumentsJson)),
});

/** What to do where a vhost is renamed: nothing else of what it holds can be changed then. */
const keptVhost = (vhost: string, run: Run): string | undefined =>
  vhost === run.skill.rabbitmq?.vhost
    ? undefined
    : `say below rabbitmq: vhost: ${vhost}, as nothing is moved from one vhost into another`;

const changed = (what: string, before: unknown, after: unknown): string[] =>
  after === undefined || before === after ? [] : [`${what}, ${before}, got ${after}`];

/** What a queue holds, with what waits in the shared delay tiers until it returns there: nothing else would ever take that. */
async function withRetries(rabbitmq: RabbitmqLook, vhost: string, name: string): Promise<Holding | undefined> {
  // Before and after, as a message goes from one to the other meanwhile.
  const before = await rabbitmq.retries(vhost, name);
  const held = await rabbitmq.queue(vhost, name);
  const retries = before.size > 0 ? before : await rabbitmq.retries(vhost, name);
  if (!held || retries.size === 0) return held;
  const more = [...retries.values()].reduce((sum, messages) => sum + messages, 0);
  const places = [...retries].map(([tier, messages]) => `${messages} waiting in ${tier} for another try`);
  return {
    ...held,
    messages: held.messages + more,
    waiting: held.waiting + more,
    detail: [held.detail, ...places].join(", "),
  };
}

export const queue: Guarded = {
  kind: "queue",
  name: queueName,
  holding: ({ inputs }, run) => asking(run, (rabbitmq) => withRetries(rabbitmq, inputs.vhost, inputs.name)),
  fixed: (before, after) => [
    ...changed("type", argumentsOf(before)["x-queue-type"], argumentsOf(after)["x-queue-type"]),
    ...changed("vhost", before.vhost, after.vhost),
  ],
  async now({ vhost, name }, run) {
    const limits = await asking(run, (rabbitmq) => rabbitmq.limits(vhost, name));
    return limits && { settings: { arguments: { "x-queue-type": limits.type } } };
  },
  instead: ({ inputs }, run) =>
    keptVhost(inputs.vhost, run) ??
    `declare the new queue beside it under another name, and say below rabbitmq: replace: { ${inputs.name}: <the new name> }`,
  exists: ({ vhost, name }, run) => asking(run, (rabbitmq) => rabbitmq.exists("queue", name, vhost)),
};

const bindingKey = (vhost: string, source: string, destination: string, routingKey: string) =>
  `rabbitmq/binding/${JSON.stringify([vhost, source, destination, routingKey])}`;

/** A binding holds nothing; the exchange asks which of them go as well. */
export const binding: Guarded = {
  kind: "binding",
  ends: ({ vhost, source, destination }) => [
    { type: "rabbitmq:index/queue:Queue", inputs: { vhost, name: destination }, holds: true },
    { type: "rabbitmq:index/exchange:Exchange", inputs: { vhost, name: source }, holds: false },
  ],
  name: ({ inputs }) => bindingKey(inputs.vhost, inputs.source, inputs.destination, inputs.routingKey ?? ""),
};

export const exchange: Guarded = {
  kind: "exchange",
  name: ({ inputs }) => `rabbitmq/exchange/${inputs.name}`,
  /** What leads on from it and stays: messages that are published there would go nowhere. `bound`: what this environment has bound to it, before that goes. */
  holding: async ({ inputs: { vhost, name, bound = [] } }, run) => {
    const bindings = await asking(run, (rabbitmq) => rabbitmq.bindingsFrom(vhost, name));
    const staying = bindings.filter(
      ({ destination, routingKey }) =>
        !bound.includes(destination) && !run.leaving.has(bindingKey(vhost, name, destination, routingKey)),
    );
    const detail = `bindings to ${staying.map(({ destination }) => destination).join(", ")}`;
    return { messages: staying.length, waiting: staying.length, detail, unit: "binding" };
  },
  /** All of it. Its bindings go first, so it would seem to lead nowhere; but until they are there again messages go nowhere, dead letters lost among them. */
  fixed: (before, after) => [
    ...changed("name", before.name, after.name),
    ...changed("vhost", before.vhost, after.vhost),
    ...["type", "durable", "autoDelete"].flatMap((key) => changed(key, before.settings?.[key], after.settings?.[key])),
  ],
  async now({ vhost, name }, run) {
    const settings = await asking(run, (rabbitmq) => rabbitmq.exchange(vhost, name));
    return settings && { settings };
  },
  instead: ({ inputs }, run) =>
    keptVhost(inputs.vhost, run) ??
    "declare the exchange that you want under another name, bind the queues to both, and take this one out when nobody publishes there",
  exists: ({ vhost, name }, run) => asking(run, (rabbitmq) => rabbitmq.exists("exchange", name, vhost)),
};

export const vhost: Guarded = {
  kind: "vhost",
  name: ({ inputs }) => `rabbitmq/vhost/${inputs.name}`,
  holding: async ({ inputs }, run) => {
    const held = await asking(run, (rabbitmq) => rabbitmq.contents(inputs.name));
    return heldByOthers(held.filter(({ name }) => !isOwn(name, run)));
  },
  exists: ({ name }, run) => asking(run, (rabbitmq) => rabbitmq.exists("vhost", name)),
};

export const user: Guarded = {
  kind: "user",
  name: ({ inputs }) => `rabbitmq/user/${inputs.name}`,
  exists: ({ name }, run) => asking(run, (rabbitmq) => rabbitmq.exists("user", name)),
};

/** All that the broker holds but for what goes by itself: of a vhost that goes as well, its queues are those that we know. */
export async function everything(run: Run): Promise<Holding> {
  const held = await asking(run, (rabbitmq) => rabbitmq.all());
  const goes = (name: string) => {
    const at = name.lastIndexOf("@");
    return run.leaving.has(`rabbitmq/vhost/${name.slice(at + 1)}`) && isOwn(name.slice(0, at), run);
  };
  return heldByOthers(held.filter(({ name }) => !goes(name)));
}

/** Whether what is in our vhost goes by itself. Of the exchange of a replacement no output tells; its name is reserved. */
const isOwn = (name: string, run: Run): boolean =>
  run.leaving.has(`rabbitmq/${name}`) || name === `exchange/${REDIRECT_EXCHANGE}`;

/** Without empty queues that the broker has named: they are gone with their connection, our own clients' among them. */
const heldByOthers = (held: readonly Held[]): Holding =>
  allHeld(held.filter(({ name, holding, unknown }) => unknown || holding.messages > 0 || !name.startsWith("amq.")));
