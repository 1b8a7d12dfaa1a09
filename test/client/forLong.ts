import { REFUSED_PATIENCE_MS } from "../../client/insist.ts";

/** What is noted of a place that has been refusing for as long as that is believed to pass, and did so a moment ago. */
export const forLong = () => ({ since: Date.now() - REFUSED_PATIENCE_MS, last: Date.now() });
