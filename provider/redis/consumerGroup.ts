import type { Kind, Rule } from "../kind.ts";
import { Refusal, type Send } from "./session.ts";

/**
 * `messaging-extras:redis:ConsumerGroup`: a group of a stream, from the stream's first message on; the stream is made where there
 * is none. Deleting it forgets what the group has read and leaves the stream with its messages.
 */
export const consumerGroup: Kind = {
  inputs: { stream: keyName, group: keyName },
  identity: ["stream", "group"],
  secretOutputs: [],

  create: ({ stream, group }, redis) =>
    redis.run(`consumer group ${group} of ${stream}`, async (send) => {
      // What is gone already is none of this group's loss: with this the server can tell later whether it misses any (messaging doctor).
      const gone = String(await removedFrom(send, String(stream)));
      try {
        await send("XGROUP", "CREATE", String(stream), String(group), "0", "MKSTREAM", "ENTRIESREAD", gone);
      } catch (error) {
        if (!refused(error, "BUSYGROUP")) throw error;
      }
      return { id: `${stream}/${group}`, inputs: { stream, group }, outputs: {} };
    }),

  read: (id, state, redis) =>
    redis.run(`consumer group ${id}`, async (send) => {
      const { stream, group } = state.stream === undefined ? parseId(id) : state;
      try {
        const groups = (await send("XINFO", "GROUPS", String(stream))) as unknown[][];
        const found = groups.some((fields) => fields[fields.indexOf("name") + 1] === group);
        return found ? { id, inputs: { stream, group }, outputs: {} } : undefined;
      } catch (error) {
        if (refused(error, "ERR no such key")) return undefined;
        throw error;
      }
    }),

  async update() {
    throw new Error("consumer group: must be replaced, not updated");
  },

  delete: (id, { stream, group }, redis) =>
    redis.run(`consumer group ${id}`, async (send) => {
      try {
        await send("XGROUP", "DESTROY", String(stream), String(group));
      } catch (error) {
        if (!refused(error, "ERR The XGROUP subcommand requires the key to exist")) throw error;
      }
    }),
};

/** How many entries a stream had once and has no more. */
async function removedFrom(send: Send, stream: string): Promise<number> {
  try {
    const told = (await send("XINFO", "STREAM", stream)) as unknown[];
    const figure = (name: string) => Number(told[told.indexOf(name) + 1]);
    return figure("entries-added") - figure("length");
  } catch (error) {
    if (refused(error, "ERR no such key")) return 0;
    throw error;
  }
}

function keyName(value: unknown): ReturnType<Rule> {
  return typeof value === "string" && value !== "" ? undefined : "be a name";
}

function parseId(id: string) {
  const slash = id.lastIndexOf("/");
  return { stream: id.slice(0, slash), group: id.slice(slash + 1) };
}

function refused(error: unknown, beginning: string): boolean {
  return error instanceof Refusal && error.message.startsWith(beginning);
}
