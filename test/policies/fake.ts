import {
  type Policies,
  type PolicyResource,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
  unknownCheckingProxy,
} from "@pulumi/policy";

/** What Pulumi sends in place of a text that it cannot know before an `up`. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource of some program. */
export interface Fake {
  type: string;
  name: string;
  props?: object;
  /** Settings of its provider. */
  provider?: object;
  protect?: boolean;
  /** Types of the components that it is in, outermost first. */
  within?: string[];
  /** By property: names of the resources that it is computed from. */
  from?: Record<string, string[]>;
}

interface Run {
  stack?: string;
  config?: object;
}

/** What a rule says of these resources: `<name of the resource>: <the problem's first line>`. */
export async function findings(rule: Policies[number], fakes: Fake[], { stack = "prod", config = {} }: Run = {}) {
  const found: string[] = [];
  const resources = fakes.map((fake) => toResource(fake, stack));
  for (const resource of resources) {
    const sources = fakes.find(({ type, name }) => type === resource.type && name === resource.name)?.from ?? {};
    resource.propertyDependencies = Object.fromEntries(
      Object.entries(sources).map(([property, names]) => [
        property,
        resources.filter(({ name }) => names.includes(name)),
      ]),
    );
  }
  const shared = { stackTags: new Map<string, string>(), getConfig: <T>() => config as T, notApplicable };
  const told = (name: string) => (message: string) => found.push(`${name}: ${message.split("\n")[0]}`);
  if ("validateStack" in rule) {
    const { validateStack } = rule as StackValidationPolicy;
    await validateStack({ resources, ...shared }, (message, urn) => told(urn?.split("::").at(-1) ?? "")(message));
    return found;
  }
  const { validateResource } = rule as ResourceValidationPolicy;
  for (const resource of resources) {
    const { asType: _, ...one } = resource;
    const args = { ...one, ...shared, asType: () => undefined };
    for (const validate of [validateResource!].flat()) await validate(args, told(resource.name));
  }
  return found;
}

function toResource(
  { type, name, props = {}, provider, protect = false, within = [] }: Fake,
  stack: string,
): PolicyResource {
  return {
    type,
    name,
    urn: `urn:pulumi:${stack}::shop::${[...within, type].join("$")}::${name}`,
    props: unknownCheckingProxy(props),
    opts: {
      protect,
      ignoreChanges: [],
      aliases: [],
      additionalSecretOutputs: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    },
    ...(provider && {
      provider: { type: "pulumi:providers:any", name: "any", urn: "", props: unknownCheckingProxy(provider) },
    }),
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
  };
}

function notApplicable(): never {
  throw new Error("a rule passes over what it does not know by itself");
}
