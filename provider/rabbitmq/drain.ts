import type { BoundInlet, QueueMove } from "../../client/rabbitmq/drain.ts";
import type { Login } from "../../client/rabbitmq/link.ts";
import type { Kind, State } from "../kind.ts";
import { movedFor } from "../moving.ts";
import { aList, aMap, aText } from "../rules.ts";
import type { Properties } from "../wire.ts";

/**
 * `messaging-extras:rabbitmq:Drain`: moves all messages of queues into others, each acknowledged when it is confirmed, after the
 * bindings that led into them were taken off. It is done again whenever an input changes: `seen` says what was seen of them and when.
 * Deleting the resource changes nothing.
 */
export const drain: Kind = {
  inputs: { access: aMap, vhost: aText, inlets: aList, moves: aList, seen: aText },
  identity: ["vhost"],
  secretOutputs: ["access"],
  create: (inputs) => drained(inputs),
  update: (_id, inputs) => drained(inputs),
  async read(id, { access, vhost, inlets, moves, seen, ...outputs }) {
    return vhost === undefined ? undefined : { id, inputs: { access, vhost, inlets, moves, seen }, outputs };
  },
  async delete() {},
};

interface Inlet extends Omit<BoundInlet, "arguments"> {
  argumentsJson?: string;
}

async function drained(inputs: Properties): Promise<State> {
  const { access, vhost, inlets, moves } = inputs as unknown as {
    access: Omit<Login, "vhost">;
    vhost: string;
    inlets: Inlet[];
    moves: QueueMove[];
  };
  // Loaded here: the plugin's start counts in every preview.
  const { drainQueues } = await import("../../client/rabbitmq/drain.ts");
  const bound = inlets.map(({ argumentsJson, ...inlet }) => ({
    ...inlet,
    ...(argumentsJson !== undefined && { arguments: JSON.parse(argumentsJson) as Record<string, unknown> }),
  }));
  const [{ from, to }] = moves as [QueueMove];
  const result = await movedFor(`rabbitmq/${from} -> ${to}`, (moving) =>
    drainQueues({ ...access, vhost }, bound, moves, moving),
  );
  return { id: `${vhost}/${from}`, inputs, outputs: { moved: result.messages, left: result.left } };
}
