/** Why nothing is planned or made on another cluster than the recorded one. */
export function otherCluster(place: string, broker: string, recorded: string, live: string | undefined): string {
  return [
    `${place}: must be the cluster ${recorded}, which this environment was made on, got ${live ?? "one that no environment was made on"}. Nothing was changed there.`,
    "  Where the address is wrong, put it right. Where the cluster was really replaced by a new one:",
    `    1. pulumi config set --path 'messaging:acceptCluster[0]' ${broker}`,
    "    2. pulumi up: it takes the new cluster as the environment's own, and makes nothing on it yet",
    "    3. pulumi config rm messaging:acceptCluster",
    "    4. pulumi refresh: it finds what is not there, and forgets it",
    "    5. pulumi up: it makes that anew",
  ].join("\n");
}
