import { endpointsOf, hostOf, isLocal, isLoopback } from "../local.ts";
import { isFalse, isTrue, knownFields, text, UNKNOWN } from "../plain.ts";
import { resourceRule, type Settings } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";

/** Outside local, nothing reaches a broker unencrypted. */
export const tls = resourceRule({
  name: "tls",
  description: "Outside local, brokers are reached over TLS and their certificates are checked.",
  severity: "critical",
  remedy:
    "Use https:// and amqps:// addresses, tlsEnabled on Kafka, transitEncryptionEnabled with mode `required` on ElastiCache, and no flag that skips certificates.",
  check: (resource, settings) => CHECKS[resource.type]?.(resource, settings) ?? [],
});

type Check = (resource: Seen, settings: Settings) => string[];

/** A provider is looked at by its own settings, anything else by those of its provider. */
const ofProvider =
  (check: (settings: Record<string, unknown>, name: string) => string[]): Check =>
  ({ type, name, ...resource }, settings) =>
    isLocal({ ...resource, type, name, provider: resource.props }, settings)
      ? []
      : check(resource.props, `provider ${type.split(":").at(-1)}/${name}`);

const remote =
  (check: (resource: Seen, name: string) => string[]): Check =>
  (resource, settings) =>
    isLocal(resource, settings) ? [] : check(resource, calledOf(resource));

const CHECKS: Record<string, Check> = {
  "pulumi:providers:rabbitmq": ofProvider((props, name) => [
    ...clear(name, props),
    ...(isTrue(props.insecure) ? [`${name}: must check the certificate, got insecure: true`] : []),
  ]),
  "pulumi:providers:kafka": ofProvider((props, name) => [
    // The provider's default is on.
    ...(isFalse(props.tlsEnabled) ? [`${name}: must have tlsEnabled, got false`] : []),
    ...(isTrue(props.skipTlsVerify) ? [`${name}: must check the certificate, got skipTlsVerify: true`] : []),
  ]),
  "pulumi:providers:aws": ofProvider((props, name) => clear(name, props)),
  "pulumi:providers:messaging-extras": ofProvider((props, name) => clear(name, props)),
  "aws:elasticache/replicationGroup:ReplicationGroup": remote(({ props }, name) => encrypted(props, name)),
  "aws:elasticache/cluster:Cluster": remote(({ props }, name) =>
    props.engine === undefined && props.replicationGroupId !== undefined ? [] : encrypted(props, name),
  ),
  "rabbitmq:index/federationUpstream:FederationUpstream": remote(({ props }, name) =>
    links(`federation upstream ${name}`, [knownFields(props.definition).uri]),
  ),
  "rabbitmq:index/shovel:Shovel": remote(({ props }, name) => {
    const { sourceUri, destinationUri } = knownFields(props.info);
    return links(`shovel ${name}`, [sourceUri, destinationUri]);
  }),
};

/** Addresses without TLS, each by its scheme and host: what is between them may be a password. */
function clear(name: string, props: Record<string, unknown>): string[] {
  return endpointsOf(props).flatMap((place) => (place === UNKNOWN ? [] : unencrypted(name, place)));
}

const links = (name: string, uris: unknown[]) =>
  uris.flatMap((uri) => (text(uri) ? unencrypted(name, uri as string) : []));

function unencrypted(name: string, address: string): string[] {
  const scheme = /^(http|amqp|redis):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined || isLoopback(address)) return [];
  return [`${name}: must use ${scheme === "redis" ? "rediss" : `${scheme}s`}://, got ${scheme}://${hostOf(address)}`];
}

function encrypted(props: Record<string, unknown>, name: string): string[] {
  if (props.transitEncryptionEnabled === UNKNOWN) return [];
  if (!isTrue(props.transitEncryptionEnabled)) return [`redis/${name}: must have transitEncryptionEnabled, got false`];
  return props.transitEncryptionMode === "preferred"
    ? [`redis/${name}: must have transitEncryptionMode required, got preferred, which takes clients without TLS`]
    : [];
}
