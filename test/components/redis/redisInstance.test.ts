import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { passwordFrom } from "../../../components/password.ts";
import { toRights, toRules } from "../../../components/redis/acl.ts";
import { RedisInstance, type RedisProvision } from "../../../components/redis/index.ts";
import { registered, secret } from "../../mocks.ts";
import { conformance } from "../conformance.ts";
import { example } from "./example.ts";

const container: RedisProvision = {
  kind: "container",
  stack: "dev",
  images: { redis: "redis:1", valkey: "valkey:1" },
  ports: { probe: 16400, one: 16401, two: 16402 },
};
const login = { host: "h", port: 6379, tls: true, username: "admin", password: "p" };
const external: RedisProvision = { kind: "external", servers: { probe: login, one: login, two: login } };
const elasticache: RedisProvision = { kind: "elasticache", subnetIds: ["subnet-1"] };

const make = (provision: RedisProvision) => (name: string, opts?: object) =>
  new RedisInstance(name, { spec: example, secret: "s", provision }, opts);

const state = (type: string) =>
  type === "aws:elasticache/replicationGroup:ReplicationGroup" ? { primaryEndpointAddress: "cache.aws" } : {};

describe.each([
  ["container", container],
  ["external", external],
  ["elasticache", elasticache],
])("RedisInstance by %s", (_kind, provision) => {
  conformance({
    token: "messaging:redis:RedisInstance",
    make: make(provision),
    outputs: ["host", "port", "tls"],
    state,
  });
});

const hashOf = (user: string) =>
  createHash("sha256")
    .update(passwordFrom("s", `redis/probe/${user}`))
    .digest("hex");
const rights = toRights(example);
const user = (app: string) => ({
  type: "messaging-extras:redis:User",
  name: `probe/${app}`,
  inputs: { name: app, rules: toRules(rights[app]!), passwordHash: secret(hashOf(app)) },
});

const administered = [
  {
    type: "messaging-extras:redis:Settings",
    name: "probe",
    inputs: {
      parameters: {
        maxmemory: "268435456",
        "maxmemory-policy": "noeviction",
        appendonly: "yes",
        appendfsync: "everysec",
      },
    },
  },
  user("fulfilment"),
  user("notification-service"),
  user("order-service"),
  {
    type: "messaging-extras:redis:ConsumerGroup",
    name: "probe/emails/mailer",
    inputs: { stream: "emails", group: "mailer" },
  },
];
/** The engine keeps no order among siblings. */
const sorted = <T extends { type: string; name: string }>(resources: T[]) =>
  [...resources].sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
const brief = ({ type, name, inputs }: { type: string; name: string; inputs: object }) => ({ type, name, inputs });

describe("a Redis instance in a container", () => {
  const all = () => registered(() => make(container)("probe"));

  it("is administered as messaging-admin, over the published port", async () => {
    const provider = (await all()).find(({ type }) => type === "pulumi:providers:messaging-extras");
    expect(provider?.inputs).toEqual({
      url: "redis://127.0.0.1:16400",
      username: "messaging-admin",
      password: secret(passwordFrom("s", "redis/probe/messaging-admin")),
    });
  });

  it("has its settings, one user an app and its consumer groups, which go with its volume", async () => {
    const own = (await all()).filter(({ type }) => type.startsWith("messaging-extras:redis:"));
    expect(sorted(own.map(brief))).toEqual(sorted(administered));
    expect(own.map(({ deletedWith, parent, provider }) => [deletedWith, parent, provider])).toEqual(
      own.map(() => ["probe", "probe", "probe"]),
    );
  });

  it("starts with nobody but its administrator, by a hash, and with a default user that is off", async () => {
    const docker = (await all()).find(({ type }) => type === "docker:index/container:Container");
    const { uploads } = docker!.inputs as { uploads: { file: string; content: unknown }[] };
    expect(uploads.find(({ file }) => file === "/etc/messaging/users.acl")?.content).toEqual(
      secret(
        `user default reset off ~* &* +@all\nuser messaging-admin reset on #${hashOf("messaging-admin")} ~* &* +@all\n`,
      ),
    );
    expect(uploads.find(({ file }) => file === "/etc/messaging/redis.conf")?.content).toMatchInlineSnapshot(`
      "bind * -::*
      port 6379
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
      "
    `);
    expect((docker!.inputs.command as string[]).join("\n")).toMatchInlineSnapshot(`
      "-ec
      cd /data
      { cat /etc/messaging/redis.conf; grep '^maxmemory ' redis.conf || true; } > redis.conf.new 2>/dev/null
      { cat /etc/messaging/users.acl; grep -v -e '^user default ' -e '^user messaging-admin ' users.acl || true; } > users.acl.new 2>/dev/null
      mv redis.conf.new redis.conf
      mv users.acl.new users.acl
      exec redis-server /data/redis.conf"
    `);
  });

  it("has the same container whatever its memory, users and streams", async () => {
    const bare = { ...example, maxMemory: "1gb", channels: {}, streams: {}, keys: {} };
    const other = await registered(() => new RedisInstance("probe", { spec: bare, secret: "s", provision: container }));
    const dockerOf = (resources: Awaited<ReturnType<typeof all>>) =>
      resources.filter(({ type }) => type.startsWith("docker:")).map(brief);
    expect(dockerOf(other)).toEqual(dockerOf(await all()));
    expect(dockerOf(other)).toHaveLength(3);
  });

  it("runs the engine that the skill names", async () => {
    const spec = { ...example, engine: "valkey" as const };
    const valkey = await registered(() => new RedisInstance("probe", { spec, secret: "s", provision: container }));
    const docker = valkey.find(({ type }) => type === "docker:index/container:Container");
    expect(docker?.inputs).toMatchObject({ user: "valkey" });
    expect((docker!.inputs.command as string[]).at(-1)).toContain("exec valkey-server /data/redis.conf");
  });
});

describe("a Redis instance on a server that exists", () => {
  it("is only administered", async () => {
    const all = await registered(() => make(external)("probe"));
    expect(sorted(all.slice(1).map(brief))).toEqual(
      sorted([
        {
          type: "messaging-extras:index:Cluster",
          name: "probe",
          inputs: { broker: "redis/probe", connection: { ...login, password: secret("p") } },
        },
        {
          type: "pulumi:providers:messaging-extras",
          name: "probe",
          inputs: { url: "rediss://h:6379", username: "admin", password: secret("p") },
        },
        ...administered,
      ]),
    );
  });

  it("may have an IPv6 address", async () => {
    const servers = { probe: { ...login, host: "::1" } };
    const all = await registered(() => make({ kind: "external", servers })("probe"));
    const provider = all.find(({ type }) => type === "pulumi:providers:messaging-extras");
    expect(provider!.inputs.url).toBe("rediss://[::1]:6379");
  });

  it("is asked which server it is before anything is set on it", async () => {
    const all = await registered(() => make(external)("probe"));
    const provider = all.find(({ type }) => type === "pulumi:providers:messaging-extras");
    expect(provider?.dependencies).toEqual(["probe"]);
  });

  it("is refused without a server of its name", async () => {
    await expect(registered(() => make(external)("other"))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: redis.instances.other: must have a server of that name, got none]`,
    );
  });
});
