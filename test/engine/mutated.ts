import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clone, pulumi, variables } from "./clone.ts";
import { type Result, run } from "./command.ts";

/** One attribute of one resource, and the value that it is given in place of its own. */
export interface Mutation {
  type: string;
  name: string;
  /** `settings.durable`: names down to the attribute. */
  path: string[];
  value: unknown;
}

const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
const mutations = JSON.parse(process.env.MUTATIONS ?? "[]");
const changed = (value, [key, ...rest], to) => {
  if (key === undefined) return to;
  return { ...value, [key]: changed(value?.[key], rest, to) };
};
pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
  const mine = mutations.filter((one) => one.type === type && one.name === name);
  return mine.length === 0 ? undefined : { props: mine.reduce((all, { path, value }) => changed(all, path, value), props), opts };
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
export const mutated = (clone: Clone, mutations: Mutation[], ...args: string[]): Promise<Result> =>
  run("npx", ["pulumi", ...args, "--non-interactive", "--suppress-outputs"], {
    cwd: clone.folder,
    env: {
      ...variables(clone),
      PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase"),
      MUTATIONS: JSON.stringify(mutations),
    },
  });

/** What a preview says of a mutation: what the engine would do to the resource, or why it is refused. */
export async function verdictOn(clone: Clone, mutation: Mutation): Promise<string> {
  const { code, output } = await mutated(clone, [mutation], "preview");
  const gate = /before hook "[a-z -]+" failed: (.*)$/m.exec(output)?.[1];
  if (gate?.includes("must keep its")) return "refused: cannot be changed in place";
  if (gate?.includes(" holds ")) return "gated: holds messages";
  if (gate) return `gated: ${gate}`;
  if (code !== 0) return `invalid: ${reasonOf(output)}`;
  const [, , short = ""] = /^(.*):(.*)\/.*:(.*)$/.exec(mutation.type)?.slice(1) ?? [];
  const line = new RegExp(
    `^ *(\\S+) +\\S+:${short} ${escaped(mutation.name)} (update|replace|create|delete)`,
    "m",
  ).exec(output);
  const op = line?.[2];
  if (op === "update") return "in place";
  if (op === "replace") return "made anew";
  return op ?? "no change";
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const reasonOf = (output: string): string => {
  const line = output.split("\n").find((one) => /^ +error: (?!preview failed)/.test(one)) ?? "";
  return line.replace(/^ +error: /, "").slice(0, 100);
};

/** The state's inputs of a resource. */
export async function inputsOf(clone: Clone, type: string, name: string): Promise<Record<string, unknown>> {
  const { stdout } = await pulumi(clone, "stack", "export");
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources: { urn: string; type: string; inputs: Record<string, unknown> }[] };
  };
  const found = deployment.resources.find((one) => one.type === type && one.urn.endsWith(`::${name}`));
  if (!found) throw new Error(`the state has no ${type} ${name}`);
  return found.inputs;
}
