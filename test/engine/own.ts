/** Files that need nothing of the environment that the others share, and leave its ports alone. */
export const OWN: readonly string[] = [
  "b-other-skills",
  "c-interrupted",
  "f-replace",
  "h-access",
  "k-environments",
  "k-state",
].map((name) => `test/engine/${name}.test.ts`);
