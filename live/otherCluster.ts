import { sameness } from "./sameCluster.ts";

/** Why nothing is planned or made on another cluster than the recorded one; undefined where it is the same. */
export function otherCluster(
  place: string,
  broker: string,
  recorded: string,
  live: string | undefined,
): string | undefined {
  const compared = sameness(recorded, live);
  if (compared === "same") return undefined;
  const refusal = `${place}: must be the cluster ${recorded}, which this environment was made on, got ${live ?? "one that no environment was made on"}. Nothing was changed there.`;
  return [refusal, ...(compared === "other" ? replaced(broker) : copied(broker))].join("\n");
}

const replaced = (broker: string): string[] => [
  "  Where the address is wrong, put it right. Where the cluster was really replaced by a new one:",
  `    1. ${accept(broker)}`,
  "    2. pulumi up: it takes the new cluster as the environment's own, and makes nothing on it yet",
  "    3. pulumi config rm messaging:acceptCluster",
  "    4. pulumi refresh: it finds what is not there, and forgets it",
  "    5. pulumi up: it makes that again",
];

/** Nobody is told to forget a state here: it may be the very cluster. */
const copied = (broker: string): string[] => [
  "  Both have one internal id and no node in common. It is another cluster if the definitions of the recorded one were imported there:",
  "  then put the address right. It is the same one if all of its nodes were replaced, or the one that it was called after was:",
  `    1. ${accept(broker)}`,
  "    2. pulumi up: it records the current nodes",
  "    3. pulumi config rm messaging:acceptCluster",
];

const accept = (broker: string): string => `pulumi config set --path 'messaging:acceptCluster[0]' ${broker}`;
