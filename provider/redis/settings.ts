import type { Kind, State } from "../kind.ts";
import type { Properties } from "../wire.ts";
import type { RedisSession } from "./session.ts";

const NAME = /^[a-z][a-z-]*$/;

/**
 * `messaging-extras:redis:Settings`: parameters of one server, set while it runs and written into its configuration file.
 * Values are spelled as CONFIG GET gives them (bytes, not `256mb`). Deleting the resource leaves the server as it is.
 */
export const settings: Kind = {
  inputs: {
    parameters: (value) =>
      typeof value === "object" && value !== null && Object.entries(value).every(isParameter)
        ? undefined
        : "map names of parameters, such as maxmemory, to text",
  },
  identity: [],
  secretOutputs: [],
  create: (inputs, redis) => set(inputs, redis),
  update: (_id, inputs, redis) => set(inputs, redis),

  read: (id, state, redis) =>
    redis.run("settings", async (send) => {
      const names = Object.keys((state.parameters ?? {}) as object);
      const reply = (await send("CONFIG", "GET", ...names)) as string[];
      const live: Record<string, string> = {};
      for (let at = 0; at < reply.length; at += 2) live[reply[at]!] = reply[at + 1]!;
      return { id, inputs: { parameters: live }, outputs: {} };
    }),

  async delete() {},
};

function set(inputs: Properties, redis: RedisSession): Promise<State> {
  return redis.run("settings", async (send) => {
    await send("CONFIG", "SET", ...Object.entries(inputs.parameters as Record<string, string>).flat());
    await send("CONFIG", "REWRITE");
    return { id: "settings", inputs, outputs: {} };
  });
}

function isParameter([name, value]: [string, unknown]): boolean {
  return NAME.test(name) && typeof value === "string";
}
