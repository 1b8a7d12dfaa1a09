import type { Class } from "../compare.ts";
import type { Classify } from "./index.ts";

const orphan = (reason: string): Class => ({ status: "orphan", reason });

/** What is not ours on SQS. */
export const classifySqs: Classify = ({ name, properties }, ours) => {
  const hit = ours.find((queue) => name === queue.name.replace(/\.fifo$/, "-dlq.fifo"));
  if (hit) return orphan(`its name is that of dead letters of our ${hit.name}`);
  const target = ours.find((queue) => ends(properties.RedrivePolicy, queue.name));
  return target ? orphan(`its dead letters come into our ${target.name}`) : { status: "foreign" };
};

const ends = (policy: string | undefined, queue: string): boolean => policy?.includes(`:${queue}"`) ?? false;
