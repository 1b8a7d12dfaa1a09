import { otherCluster } from "../../live/otherCluster.ts";
import type { Kind } from "../kind.ts";
import { hasUnknown, type Properties } from "../wire.ts";
import { type Contact, placeOf } from "./contact.ts";
import { needless } from "./text.ts";

/**
 * `messaging-extras:index:Cluster`: which cluster an environment was made on. It makes nothing; it is looked at again in every plan,
 * and a plan for another cluster fails. `broker` is `rabbitmq`, `kafka`, `sqs` or `redis/<instance>`; `accept` takes another cluster.
 */
export const clusterBy = (contact: Contact): Kind => {
  /** Those that may be other clusters in this run. It stands in no state: what is accepted is accepted once. */
  const accepted = new Set<string>();

  const found = ({ broker, connection }: Properties) => contact.identity(String(broker), connection as Properties);
  const marked = ({ broker, connection }: Properties) => contact.marked(String(broker), connection as Properties);
  const isAccepted = ({ broker }: Properties) => accepted.has(String(broker));

  async function mustBeRecorded({ identity }: Properties, inputs: Properties): Promise<void> {
    const live = await found(inputs);
    if (live === identity) return;
    const place = placeOf(String(inputs.broker), inputs.connection as Properties);
    throw new Error(otherCluster(place, String(inputs.broker), String(identity), live));
  }

  return {
    inputs: {
      broker: (value) =>
        typeof value === "string" && /^(rabbitmq|kafka|sqs|redis\/.+)$/.test(value)
          ? undefined
          : "be rabbitmq, kafka, sqs or redis/<instance>",
      connection: (value) =>
        typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "be a connection",
      accept: (value) => (value === undefined || value === true ? undefined : "be true or absent"),
    },
    identity: ["broker"],
    secretOutputs: [],

    keep({ accept, ...inputs }) {
      if (accept) accepted.add(String(inputs.broker));
      else accepted.delete(String(inputs.broker));
      return inputs;
    },

    async create(inputs) {
      if (isAccepted(inputs)) throw new Error(needless(String(inputs.broker)));
      return { id: String(inputs.broker), inputs, outputs: { identity: await marked(inputs) } };
    },

    async read(id, state) {
      if (state.connection === undefined) return undefined;
      const { identity, ...inputs } = state;
      await mustBeRecorded(state, state);
      return { id, inputs, outputs: { identity } };
    },

    async diff(state, inputs, changed) {
      if (hasUnknown(inputs) || changed.includes("broker")) return changed;
      if (!isAccepted(inputs)) {
        await mustBeRecorded(state, inputs);
        return changed;
      }
      if ((await found(inputs)) === state.identity) throw new Error(needless(String(inputs.broker)));
      return [...changed, "identity"];
    },

    async update(id, inputs, _redis, state) {
      if (isAccepted(inputs)) return { id, inputs, outputs: { identity: await marked(inputs) } };
      await mustBeRecorded(state, inputs);
      return { id, inputs, outputs: { identity: state.identity } };
    },

    async delete() {},
  };
};
