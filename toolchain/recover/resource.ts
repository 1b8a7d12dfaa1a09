import type { Deployment, StateResource } from "../deployment.ts";

/** A resource as the state has it, as far as a recovery reads or writes it. */
export interface Resource extends StateResource {
  custom?: boolean;
  id?: string;
  /** It was replaced, and is still to be deleted. */
  delete?: boolean;
  /** It was deleted to be replaced, and is still to be made. */
  pendingReplacement?: boolean;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  deletedWith?: string;
}

/** The same of a whole state. */
export interface State extends Deployment {
  resources?: Resource[];
  pending_operations?: { type: string; resource: Resource }[];
}

/** What a resource is called where people read of it: `rabbitmq queue orders`, `redis consumer group emails/mailer`. */
export function nameOf({ urn, type }: Pick<Resource, "urn" | "type">): string {
  const [provider = "", place = "", kind = ""] = type.split(":");
  const broker = provider === "messaging-extras" && place !== "index" ? place : (BROKERS[provider] ?? provider);
  const words = kind.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  return `${broker} ${KINDS[words] ?? words} ${urn.split("::").slice(3).join("::")}`;
}

const BROKERS: Record<string, string> = { aws: "sqs", "messaging-extras": "messaging" };
const KINDS: Record<string, string> = { vhost: "vhost", "v host": "vhost" };

/** A resource of which nothing is known but its id and what it was asked to be: its provider then reads it by them. */
export function asMade(resource: Resource, id: string): Resource {
  const { created: _c, modified: _m, initErrors: _e, pendingReplacement: _p, ...rest } = resource as Resource & Stamps;
  const inputs = withoutSecrets(resource.inputs ?? {});
  const { __defaults, ...outputs } = inputs;
  return { ...rest, custom: true, id, inputs, outputs };
}

interface Stamps {
  created?: unknown;
  modified?: unknown;
  initErrors?: unknown;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** A password that the broker may not have: without it in the state, the next `up` sets it. */
const withoutSecrets = (properties: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(properties).filter(
      ([, value]) => value !== "[secret]" && !(typeof value === "object" && value !== null && SIGNATURE in value),
    ),
  );

/** The resource with no mention of others that the state does not have. Undefined where it cannot be without one of them. */
export function within(resource: Resource, known: ReadonlySet<string>): Resource | undefined {
  const { parent, provider, dependencies, propertyDependencies, deletedWith } = resource;
  const providerUrn = provider?.replace(/::[^:]*$/, "");
  if ((parent && !known.has(parent)) || (providerUrn && !known.has(providerUrn))) return undefined;
  const those = (urns: string[]) => urns.filter((urn) => known.has(urn));
  return {
    ...resource,
    ...(dependencies && { dependencies: those(dependencies) }),
    ...(propertyDependencies && {
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([key, urns]) => [key, those(urns ?? [])]),
      ),
    }),
    deletedWith: deletedWith && known.has(deletedWith) ? deletedWith : undefined,
  };
}
