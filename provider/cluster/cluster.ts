import { otherCluster } from "../../live/otherCluster.ts";
import { isOutdated, sameness } from "../../live/sameCluster.ts";
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

  /** Who answers. Throws where it is not the recorded cluster. */
  async function mustBeRecorded({ identity }: Properties, inputs: Properties): Promise<string> {
    const [recorded, live] = [String(identity), await found(inputs)];
    const place = placeOf(String(inputs.broker), inputs.connection as Properties);
    const refusal = otherCluster(place, String(inputs.broker), recorded, live);
    if (refusal !== undefined) throw new Error(refusal);
    return live ?? recorded;
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

    async planned(inputs) {
      if (!hasUnknown(inputs)) await contact.fit?.(String(inputs.broker), inputs.connection as Properties);
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
        const live = await mustBeRecorded(state, inputs);
        return isOutdated(String(state.identity), live) ? [...changed, "identity"] : changed;
      }
      if (sameness(String(state.identity), await found(inputs)) === "same")
        throw new Error(needless(String(inputs.broker)));
      return [...changed, "identity"];
    },

    async update(id, inputs, _redis, state) {
      if (isAccepted(inputs)) return { id, inputs, outputs: { identity: await marked(inputs) } };
      return { id, inputs, outputs: { identity: await mustBeRecorded(state, inputs) } };
    },

    async delete() {},
  };
};
