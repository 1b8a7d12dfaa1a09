import * as pulumi from "@pulumi/pulumi";
import { acceptedOf, type Credential, type Credentials, type RedisInstanceSpec, toBytes } from "../../skill/index.ts";
import { Cluster } from "../cluster.ts";
import { derivePassword } from "../password.ts";
import { toRights, toRules } from "./acl.ts";
import { ADMINISTRATOR, declareContainer, passwordHash } from "./container.ts";
import { declareElastiCache } from "./elasticache.ts";
import type { ExternalServer, RedisEndpoint, RedisProvision } from "./provision.ts";
import { RedisConsumerGroup, RedisProvider, RedisSettings, RedisUser } from "./sdk.ts";

export interface RedisInstanceArgs {
  spec: RedisInstanceSpec;
  /** The environment's secret, from which the passwords are derived. */
  secret: pulumi.Input<string>;
  /** The apps' credentials. Default: the first of each. */
  credentials?: Credentials;
  provision: RedisProvision;
}

/** One Redis or Valkey server that evicts nothing and writes everything to disk, with a user for each of its apps. */
export class RedisInstance extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  readonly tls: pulumi.Output<boolean>;
  /** The authority that signed its certificate, PEM; absent where each machine knows it. */
  readonly ca?: string;
  /** Who administers the server; absent on ElastiCache, where nobody does. */
  readonly administrator?: { username: pulumi.Input<string>; password: pulumi.Input<string> };

  constructor(name: string, args: RedisInstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:redis:RedisInstance", name, {}, opts);

    const endpoint = declareServer(name, args, { parent: this });
    const outputs = { host: endpoint.host, port: endpoint.port, tls: pulumi.output(endpoint.tls) };

    this.host = outputs.host;
    this.port = outputs.port;
    this.tls = outputs.tls;
    this.ca = endpoint.ca;
    this.administrator = administratorOf(name, args);
    this.registerOutputs(outputs);
  }
}

/** The password of an app's credential on an instance. */
export function appPassword(
  secret: pulumi.Input<string>,
  instance: string,
  { purpose }: Pick<Credential, "purpose">,
): pulumi.Output<string> {
  return derivePassword(secret, `redis/${instance}/${purpose}`);
}

function administratorOf(name: string, { secret, provision }: RedisInstanceArgs): RedisInstance["administrator"] {
  if (provision.kind === "elasticache") return undefined;
  if (provision.kind === "external") {
    const { username, password } = provision.servers[name]!;
    return { username, password };
  }
  return { username: ADMINISTRATOR, password: derivePassword(secret, `redis/${name}/${ADMINISTRATOR}`) };
}

/** The settings that every server has, and its memory, in the server's own spelling. */
function toParameters(spec: RedisInstanceSpec): Record<string, string> {
  return {
    maxmemory: String(toBytes(spec.maxMemory)),
    "maxmemory-policy": "noeviction",
    appendonly: "yes",
    appendfsync: "everysec",
  };
}

function declareServer(name: string, args: RedisInstanceArgs, opts: pulumi.CustomResourceOptions): RedisEndpoint {
  const { spec, secret, credentials, provision } = args;
  if (provision.kind === "elasticache") {
    // AWS keeps two passwords a user for this.
    const passwordsOf = (app: string) => acceptedOf(app, credentials).map((one) => appPassword(secret, name, one));
    return declareElastiCache(name, spec, passwordsOf, provision, opts);
  }
  if (provision.kind === "external") {
    const server = provision.servers[name];
    if (server === undefined) throw new Error(`redis.instances.${name}: must have a server of that name, got none`);
    administer(name, args, server, opts);
    const { host, port, tls, ca } = server;
    return { host: pulumi.output(host), port: pulumi.output(port), tls, ca };
  }
  const password = derivePassword(secret, `redis/${name}/${ADMINISTRATOR}`);
  const { volume, ...endpoint } = declareContainer(name, spec.engine, provision, password, opts);
  // Users, settings and groups live on the volume and go with it.
  administer(name, args, { ...endpoint, username: ADMINISTRATOR, password }, { ...opts, deletedWith: volume });
  return endpoint;
}

function administer(
  name: string,
  { spec, secret, credentials }: RedisInstanceArgs,
  { host, port, tls, ca, username, password }: ExternalServer,
  opts: pulumi.CustomResourceOptions,
): void {
  // An IPv6 address stands in brackets in a URL.
  const authority = pulumi.output(host).apply((given) => (given.includes(":") ? `[${given}]` : given));
  const url = pulumi.interpolate`${tls ? "rediss" : "redis"}://${authority}:${port}`;
  const trust = ca ? { ca } : {};
  const connection = { host, port, tls, ...trust, username, password };
  const cluster = new Cluster(name, { broker: `redis/${name}`, connection }, opts);
  const login = { url, ...trust, username, password };
  const provider = new RedisProvider(name, login, { parent: opts.parent, dependsOn: cluster });
  const own = { ...opts, provider };

  new RedisSettings(name, { parameters: toParameters(spec) }, own);
  const groups = Object.entries(spec.streams).flatMap(([stream, { consumers }]) =>
    Object.keys(consumers).map((group) => ({
      stream,
      made: new RedisConsumerGroup(`${name}/${stream}/${group}`, { stream, group }, own),
    })),
  );
  for (const [app, rights] of Object.entries(toRights(spec))) {
    // Rights come last: a stream or group that is somebody else's is refused before an app may use it.
    const streams = new Set([...rights.produces, ...rights.consumes.map(({ stream }) => stream)]);
    const after = groups.filter(({ stream }) => streams.has(stream)).map(({ made }) => made);
    for (const credential of acceptedOf(app, credentials)) {
      const { username } = credential;
      const hash = passwordHash(appPassword(secret, name, credential));
      new RedisUser(
        `${name}/${username}`,
        { name: username, rules: toRules(rights), passwordHash: hash },
        { ...own, dependsOn: after },
      );
    }
  }
}
