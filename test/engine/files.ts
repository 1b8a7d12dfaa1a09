const files = (...names: string[]) => names.map((name) => `test/engine/${name}.test.ts`);

/** Files that need nothing of the environment that others share, and leave its ports alone. */
export const OWN = files(
  "b-other-skills",
  "c-interrupted",
  "d-gate-away",
  "f-replace",
  "h-access",
  "k-environments",
  "k-state",
  "l-lint",
  "q-cluster",
);

/** Files that share a second environment: what the gate refuses, attribute by attribute. */
export const GATE = files("d-gate-*", "g-attributes");

/** Files that measure what somebody waits for at a machine of theirs, so nothing runs beside them. */
export const ALONE = files("0-second-start");
