import { retryTierName } from "../../skill/index.ts";

export { allTierDelays, type BrokerVersion, nativeDelays, tierDelays } from "../../skill/index.ts";

/** A wait before a retry, in milliseconds, and the exchange of its tier. */
export interface TierWait {
  delay: number;
  place: string;
}

/** Where a consumer's messages wait, one entry for each retry. */
export const tierWaits = (delays: readonly number[]): TierWait[] =>
  delays.map((delay) => ({ delay, place: retryTierName(delay) }));
