import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clone, pulumi, variables } from "./clone.ts";
import { type Result, run } from "./command.ts";

/** What one resource is given in place of what the program says. */
export interface Mutation {
  /** `rabbitmq:index/queue:Queue`. */
  type: string;
  /** The resource's name in the program. */
  name: string;
  /** Values by attribute, whose name is `settings/durable` where it is part of another; null: none; see {@link added}. */
  values: Readonly<Record<string, unknown>>;
}

/** What the list that is there has in addition. */
export const added = (item: unknown) => ({ $added: item });

const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
const mutations = JSON.parse(process.env.MUTATIONS ?? "[]");
const changed = (value, [key, ...rest], to) => {
  if (key !== undefined) return { ...value, [key]: changed(value?.[key], rest, to) };
  return to?.$added === undefined ? (to ?? undefined) : [...(value ?? []), to.$added];
};
pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
  const mine = mutations.filter((one) => one.type === type && one.name === name);
  const values = mine.flatMap((one) => Object.entries(one.values));
  return { props: values.reduce((all, [path, to]) => changed(all, path.split("/"), to), props), opts };
});
const made = await import("./infra/index.ts");
export const { apps, operator, summary } = made;
`;

/** Lets the clone's program run with mutations from now on. Returns what puts it back. */
export function mutable(clone: Clone): () => void {
  const project = join(clone.folder, "Pulumi.yaml");
  const before = readFileSync(project, "utf8");
  writeFileSync(join(clone.folder, "mutated.ts"), PROGRAM);
  writeFileSync(project, `${before}\nmain: mutated.ts\n`);
  return () => writeFileSync(project, before);
}

/** A Pulumi command on the program with these mutations. */
export const mutated = (clone: Clone, mutations: readonly Mutation[], ...args: string[]): Promise<Result> =>
  run("npx", ["pulumi", ...args, "--non-interactive", "--suppress-outputs"], {
    cwd: clone.folder,
    env: {
      ...variables(clone),
      PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase"),
      MUTATIONS: JSON.stringify(mutations),
    },
  });

/** What becomes of a resource by a change: it is changed in place, made anew, stays as it was made, or the gate refuses. */
export type Verdict = "in place" | "made anew" | "ignored" | "refused" | "gated";

/** One attribute that a mutation changes. */
export interface Change extends Mutation {
  attribute: string;
}

interface Plan {
  steps?: { urn: string; detailedDiff?: Record<string, { kind: string }> | null }[];
  diagnostics?: { message: string }[];
}

/** What one preview says of these changes. Throws where it refuses one of several, and where it fails by anything but the gate. */
export async function verdictsOn(clone: Clone, changes: readonly Change[]): Promise<Verdict[]> {
  const { code, stdout, output } = await mutated(clone, changes, "preview", "--json");
  const { steps = [], diagnostics = [] } = JSON.parse(stdout) as Plan;
  if (code === 0) return changes.map((change) => plannedOf(change, steps));
  const said = diagnostics.map(({ message }) => /before hook "[a-z -]+" failed: \S+ ?(.*)/.exec(message)?.[1]);
  const refusals = said.filter((text) => text !== undefined);
  if (refusals.length === 0 || changes.length > 1) throw new Error(output);
  // Of what is counted the gate says that it holds something; all else is of the change itself.
  return [refusals.every((text) => text.startsWith("holds ")) ? "gated" : "refused"];
}

function plannedOf({ type, name, attribute }: Change, steps: NonNullable<Plan["steps"]>): Verdict {
  const step = steps.find(({ urn }) => urn.endsWith(`${type}::${name}`));
  const kinds = Object.entries(step?.detailedDiff ?? {})
    .filter(([path]) => `${asAttribute(path)}/`.startsWith(`${attribute}/`))
    .map(([, { kind }]) => kind);
  if (kinds.length === 0) return "ignored";
  return kinds.some((kind) => kind.endsWith("replace")) ? "made anew" : "in place";
}

/** `logOpts["max-size"]` as `logOpts/max-size`. */
const asAttribute = (path: string): string =>
  [...path.matchAll(/"([^"]*)"|[^.[\]"]+/g)].map(([part, quoted]) => quoted ?? part).join("/");

/** The attributes that the program sets on the resources of each type, the provider's own defaults apart. */
export async function attributesOf(clone: Clone): Promise<Record<string, string[]>> {
  const { stdout } = await pulumi(clone, "stack", "export");
  const { resources } = JSON.parse(stdout).deployment as { resources: { type: string; inputs?: object }[] };
  const all: Record<string, Set<string>> = {};
  for (const { type, inputs = {} } of resources) {
    all[type] = new Set([...(all[type] ?? []), ...namesIn(inputs)]);
  }
  return Object.fromEntries(Object.entries(all).map(([type, names]) => [type, [...names]]));
}

function namesIn(inputs: object): string[] {
  const defaults = (inputs as { __defaults?: string[] }).__defaults ?? [];
  return Object.entries(inputs)
    .filter(([key]) => key !== "__defaults" && !defaults.includes(key))
    .flatMap(([key, value]) => (isMap(value) ? namesIn(value).map((inner) => `${key}/${inner}`) : [key]));
}

/** A secret is a value, whatever is in it. */
const isMap = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !("ciphertext" in value);
