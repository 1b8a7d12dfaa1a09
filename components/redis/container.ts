import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { LOCAL_ADMINISTRATOR } from "../../skill/index.ts";
import { BrokerContainer, type BrokerContainerArgs } from "../container.ts";
import type { ContainerProvision } from "./provision.ts";

/** The administrator of a server that this project starts. */
export const ADMINISTRATOR = LOCAL_ADMINISTRATOR;

const PORT = 6379;

/** The SHA-256 under which a server keeps a password. */
export function passwordHash(password: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.secret(pulumi.output(password).apply((text) => createHash("sha256").update(text).digest("hex")));
}

/** The container of one instance. Its memory limit and its users change while it runs, so neither stands here. */
export function toContainerArgs(
  instance: string,
  engine: "redis" | "valkey",
  provision: ContainerProvision,
  administratorHash: pulumi.Input<string>,
): BrokerContainerArgs {
  return {
    stack: provision.stack,
    broker: `redis-${instance}`,
    image: provision.images[engine],
    user: engine,
    command: ["sh", "-ec", startScript(engine)],
    ports: [{ internal: PORT, external: provision.ports[instance]! }],
    dataPath: "/data",
    // A server that asks for a password is one that answers.
    health: ["sh", "-c", `${engine}-cli -p ${PORT} ping | grep -q -e PONG -e NOAUTH`],
    files: [
      { path: "/etc/messaging/redis.conf", content: CONFIGURATION },
      {
        path: "/etc/messaging/users.acl",
        content: toUsers(administratorHash),
      },
    ],
  };
}

/** Declares the container of one instance. */
export function declareContainer(
  name: string,
  engine: "redis" | "valkey",
  provision: ContainerProvision,
  password: pulumi.Input<string>,
  opts: pulumi.ComponentResourceOptions,
) {
  const container = new BrokerContainer(name, toContainerArgs(name, engine, provision, passwordHash(password)), opts);
  return { volume: container.volume, host: pulumi.output("127.0.0.1"), port: container.port(PORT), tls: false };
}

// Nobody can be a user that is off. Its rights stay whole, for a server that loads its append-only file runs each
// transaction in it with them (Redis 8.0, Valkey 8.1) and would drop what consumer groups have read.
function toUsers(administratorHash: pulumi.Input<string>): pulumi.Output<string> {
  const administrator = pulumi.interpolate`user ${ADMINISTRATOR} reset on #${administratorHash} ~* &* +@all`;
  return pulumi.interpolate`user default reset off ~* &* +@all\n${administrator}\n`;
}

const CONFIGURATION = `bind * -::*
port ${PORT}
protected-mode yes
enable-protected-configs no
enable-debug-command no
enable-module-command no
dir /data
aclfile /data/users.acl
acl-pubsub-default resetchannels
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
`;

// The server writes users and maxmemory into files beside the data, so that they outlive the container. What it must not
// change, configuration, default user and administrator, is taken anew from the container's own files at every start.
function startScript(engine: "redis" | "valkey"): string {
  return [
    "cd /data",
    "{ cat /etc/messaging/redis.conf; grep '^maxmemory ' redis.conf || true; } > redis.conf.new 2>/dev/null",
    `{ cat /etc/messaging/users.acl; grep -v -e '^user default ' -e '^user ${ADMINISTRATOR} ' users.acl || true; } > users.acl.new 2>/dev/null`,
    "mv redis.conf.new redis.conf",
    "mv users.acl.new users.acl",
    `exec ${engine}-server /data/redis.conf`,
  ].join("\n");
}
