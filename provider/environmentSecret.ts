import { randomBytes } from "node:crypto";
import type { Kind } from "./kind.ts";

/**
 * `messaging-extras:index:EnvironmentSecret`: 32 random bytes, made once and kept in the state alone.
 * Every password of an environment is derived from it.
 */
export const environmentSecret: Kind = {
  inputs: {},
  identity: [],
  secretOutputs: ["value"],
  async create() {
    return { id: "environment-secret", inputs: {}, outputs: { value: randomBytes(32).toString("base64url") } };
  },
  // The state is its only home, so what the state says is what it is.
  async read(id, state) {
    return state.value === undefined ? undefined : { id, inputs: {}, outputs: { value: state.value } };
  },
  async update() {
    throw new Error("environment secret: must not be updated, it has no inputs");
  },
  async delete() {},
};
