import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { plain, text } from "./plain.ts";

/** A resource as the rules look at it. Of a whole stack, what it is made from too. */
export interface Seen {
  type: string;
  /** Its name in the program. */
  name: string;
  urn: string;
  /** Its properties, `UNKNOWN` where they cannot be known yet. */
  props: Record<string, unknown>;
  protect: boolean;
  /** Types of the components that it is in, outermost first. */
  within: string[];
  /** The provider's own settings; none where the engine does not say. */
  provider: Record<string, unknown>;
  /** The resources that a property is computed from. */
  from(property: string): Seen[];
  /** The properties that are computed from other resources. */
  computed: string[];
}

/** One resource, before it is touched. */
export function seen(args: ResourceValidationArgs): Seen {
  return { ...own(args), from: () => [], computed: [] };
}

/** All resources of a stack, each of them once. */
export function allSeen(resources: PolicyResource[]): Seen[] {
  const byUrn = new Map<string, Seen>();
  for (const resource of resources) {
    const sources = resource.propertyDependencies;
    byUrn.set(resource.urn, {
      ...own(resource),
      from: (property) => (sources[property] ?? []).flatMap(({ urn }) => byUrn.get(urn) ?? []),
      computed: Object.keys(sources).filter((property) => sources[property]!.length > 0),
    });
  }
  return [...byUrn.values()];
}

/** What the resource is called on its broker, as far as it is known; else its name in the program. */
export const calledOf = ({ name, props }: Seen): string => text(props.name) ?? name;

/** The stack of a URN. */
export const stackOf = (urn: string): string => urn.split("::")[0]?.split(":")[2] ?? "";

type Own = Pick<ResourceValidationArgs, "type" | "name" | "urn" | "props" | "opts" | "provider">;

const own = ({ type, name, urn, props, opts, provider }: Own) => ({
  type,
  name,
  urn,
  props: plain(props) as Record<string, unknown>,
  protect: opts.protect,
  within: urn.split("::")[2]!.split("$").slice(0, -1),
  provider: plain(provider?.props ?? {}) as Record<string, unknown>,
});
