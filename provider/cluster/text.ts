/** What is wrong with an entry that nothing needs. */
export const needless = (broker: string): string =>
  `messaging:acceptCluster: must name a broker whose cluster was replaced, got ${broker}, which is the one that this environment was made on: take it out. (An entry is for one update.)`;
