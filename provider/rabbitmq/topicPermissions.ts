import type { RabbitmqApi, rabbitmqApi } from "../../client/rabbitmq/api.ts";
import { NOTHING, tooLarge } from "../../skill/rabbitmqPattern.ts";
import { patiently } from "../cluster/contact.ts";
import type { Kind, Rule, State } from "../kind.ts";
import { aMap, aText } from "../rules.ts";
import type { Properties } from "../wire.ts";

/** Which routing keys of one topic exchange a user may write and read. */
interface Entry {
  exchange: string;
  /** Regular expressions. */
  write: string;
  read: string;
}

const entries: Rule = (value) => {
  if (!Array.isArray(value)) return "be a list";
  for (const entry of value as Entry[]) {
    const texts = [entry.exchange, entry.write, entry.read];
    if (!texts.every((text) => typeof text === "string")) return "be of entries with exchange, write and read";
    const problem = tooLarge(entry.write) ?? tooLarge(entry.read);
    if (problem)
      return `have patterns that RabbitMQ takes: that of ${entry.exchange} must ${problem.rule}, got ${problem.got}`;
  }
  return undefined;
};

/**
 * `messaging-extras:rabbitmq:TopicPermissions`: the routing keys that a user may use, exchange by exchange. While an exchange has no
 * entry every key is allowed, so an entry is never taken away: it is replaced in one step, or set to match nothing. Deleting the resource
 * changes nothing: the entries go with the user, or with the `rabbitmq:index:TopicPermissions` that made the first ones.
 */
export const topicPermissions: Kind = {
  inputs: { access: aMap, user: aText, vhost: aText, permissions: entries },
  identity: ["user", "vhost"],
  secretOutputs: ["access"],
  create: (inputs) => set(inputs, []),
  update: (_id, inputs, _redis, state) => set(inputs, (state.permissions ?? []) as Entry[]),

  async read(id, { access, user, vhost, permissions }) {
    if (access === undefined) return undefined;
    const found = await asking(access, (api) => api.list<Entry>("topic-permissions", String(vhost), String(user)));
    const ours = ((permissions ?? []) as Entry[]).flatMap(({ exchange }) => {
      const live = found?.find((entry) => entry.exchange === exchange);
      return live ? [{ exchange, write: live.write, read: live.read }] : [];
    });
    if (ours.length === 0) return undefined;
    return { id, inputs: { access, user, vhost, permissions: ours }, outputs: {} };
  },

  async delete() {},
};

async function set(inputs: Properties, before: readonly Entry[]): Promise<State> {
  const [user, vhost, after] = [String(inputs.user), String(inputs.vhost), inputs.permissions as Entry[]];
  const left = before.filter(({ exchange }) => !after.some((entry) => entry.exchange === exchange));
  const denied = left.map(({ exchange }) => ({ exchange, write: NOTHING, read: NOTHING }));
  // What is no longer allowed first: whatever stops it half-way, no key is allowed that neither the old nor the new ones allow.
  for (const { exchange, write, read } of [...denied, ...after])
    await asking(inputs.access, (api) => api.put({ exchange, write, read }, "topic-permissions", vhost, user));
  return { id: `${user}@${vhost}`, inputs, outputs: {} };
}

/** Asks the management API, again while it does not answer. */
async function asking<T>(access: unknown, ask: (api: RabbitmqApi) => Promise<T>): Promise<T> {
  const login = access as Parameters<typeof rabbitmqApi>[0];
  // Loaded here: the plugin's start counts in every preview.
  const { rabbitmqApi: open } = await import("../../client/rabbitmq/api.ts");
  return patiently(`rabbitmq management at ${login.managementUrl}`, () => ask(open(login)));
}
