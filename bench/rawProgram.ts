/** One step of `pulumi preview --json`, as far as the bench reads it. */
export interface Step {
  op: string;
  newState?: { urn: string; type: string; custom: boolean; inputs?: Record<string, unknown>; provider?: string };
}

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const NODE_PLUGIN = "messaging-extras";

/**
 * The program that somebody would write by hand for the same resources: each one declared directly, with the same inputs,
 * on the same providers; no skill, no components. What our program learns from other resources is unknown in a first
 * preview; here it comes from one resource that is as unknown.
 */
export function rawProgram(steps: Step[]): string {
  const states = steps.flatMap(({ newState }) =>
    newState?.custom && newState.type !== "pulumi:pulumi:Stack" ? [newState] : [],
  );
  const own = states.filter(({ urn }) => !urn.includes("::pulumi:providers:") || !/::default(_|$)/.test(urn));
  const ordered = [...own].sort((a, b) => rank(a.type) - rank(b.type));
  const variables = new Map(ordered.map(({ urn }, index) => [urn, `r${index}`]));
  const classes = new Map(ordered.map(({ type }) => [type, importOf(type)]));
  const imports = [...classes].map(
    ([type, from]) => `import { ${from.name} as ${alias(type)} } from ${JSON.stringify(from.path)};`,
  );
  const lines = ordered.map((state) => {
    const provider = variables.get(state.provider?.replace(/::[^:]*$/, "") ?? "");
    const name = JSON.stringify(state.urn.split("::").slice(3).join("::"));
    const args = literal(inputsOf(state.type, state.inputs ?? {}));
    const options = provider ? `, { provider: ${provider} }` : "";
    const words = state.type.endsWith(":EnvironmentSecret") ? name : `${name}, ${args}${options}`;
    return `const ${variables.get(state.urn)} = new ${alias(state.type)}(${words});`;
  });
  const first = lines.find((line) => line.includes("EnvironmentSecret"));
  const unknown = `const unknown: any = ${first?.split(" ")[1]}.value;`;
  return [
    `import * as pulumi from "@pulumi/pulumi";`,
    ...imports,
    first,
    unknown,
    ...lines.filter((line) => line !== first),
    "",
  ].join("\n");
}

/** Files of the SDKs that are not named as their resource is. */
const FILES: Record<string, string> = { vHost: "vhost" };

const rank = (type: string) => (type.endsWith(":EnvironmentSecret") ? 0 : type.startsWith("pulumi:providers:") ? 1 : 2);

const alias = (type: string) => type.replace(/[^A-Za-z]/g, "_");

function importOf(type: string): { name: string; path: string } {
  const provider = /^pulumi:providers:(.+)$/.exec(type)?.[1];
  if (provider === NODE_PLUGIN) return { name: "RedisProvider", path: "../components/redis/sdk.ts" };
  if (provider) return { name: "Provider", path: `@pulumi/${provider}/provider.js` };
  const [pkg, module, name] = type.split(":") as [string, string, string];
  if (pkg === NODE_PLUGIN) {
    return module === "redis"
      ? { name: `Redis${name}`, path: "../components/redis/sdk.ts" }
      : { name, path: "../components/environmentSecret.ts" };
  }
  const [folder, file] = module.split("/") as [string, string];
  const path = folder === "index" ? (FILES[file] ?? file) : `${folder}/${file}`;
  return { name, path: `@pulumi/${pkg}/${path}.js` };
}

/** Inputs as the program gave them: without what the provider added, and with what a provider takes as JSON decoded. */
function inputsOf(type: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const given = Object.entries(inputs).filter(([key]) => !key.startsWith("__") && key !== "version");
  const isProvider = type.startsWith("pulumi:providers:");
  return Object.fromEntries(given.map(([key, value]) => [key, isProvider ? decoded(value) : value]));
}

function decoded(value: unknown): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return value;
  }
}

function literal(value: unknown): string {
  if (value === UNKNOWN) return "unknown";
  if (value === "[secret]") return `pulumi.secret("0".repeat(64))`;
  if (typeof value === "string" && value.includes(UNKNOWN)) return "unknown";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([key]) => key !== "__defaults");
    return `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${literal(item)}`).join(", ")} }`;
  }
  return JSON.stringify(value);
}
