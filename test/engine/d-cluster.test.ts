import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parse } from "yaml";
import { container, output, pulumi, setSecrets } from "./clone.ts";
import { answers, definitions, type Made, makeKafka, makeRabbitmq, makeRedis, PASSWORD, remove } from "./clusters.ts";
import { must, run } from "./command.ts";

const clone = inject("clone");
const stack = "clusters";
const name = (broker: string) => `${clone.environment}-clusters-${broker}`;
const names = ["rabbitmq-a", "rabbitmq-b", "redis-a", "redis-b", "kafka-b"].map(name);

interface Places {
  rabbitmq: string;
  redis: number;
  kafka: number;
}

const other = (...args: string[]) => pulumi(clone, ...args, "--stack", stack);
/** Where the environment's brokers are, from now on. The passwords that were set stay. */
let secrets: object = {};
function moveTo({ rabbitmq, redis, kafka }: Places, skill: object = {}): void {
  const server = { host: "127.0.0.1", port: redis, tls: false };
  const config = {
    "messaging:brokers": "external",
    "messaging:rabbitmq": { endpoint: `http://${rabbitmq}`, username: "root", url: `amqp://127.0.0.1:${amqp}` },
    "messaging:kafka": { bootstrapServers: [`127.0.0.1:${kafka}`], tls: false, username: "messaging-admin" },
    "messaging:redis": { provision: "external", servers: { cache: server } },
    "messaging:skill": {
      apps: { ...without("order-service", "fulfilment", "notification-service", "payment-service"), shop: {} },
      rabbitmq: { vhost: stack, exchanges: null, queues: { orders: null, probes: { producers: ["shop"] } } },
      kafka: { topics: { "user-events": null, probes: { partitions: 1, replicationFactor: 1, producers: ["shop"] } } },
      sqs: null,
      redis: { instances: { notifications: null, cache: { keys: { "probe:*": ["shop"] } } } },
      ...skill,
    },
  };
  const { config: set = {}, ...rest } = secrets as { config?: object };
  writeFileSync(join(clone.folder, `Pulumi.${stack}.yaml`), JSON.stringify({ ...rest, config: { ...config, ...set } }));
}
const without = (...apps: string[]) => Object.fromEntries(apps.map((app) => [app, null]));

/** What a preview or up is refused for, each in its first sentence; none where it succeeds. */
async function refusals(command: string[], of = other): Promise<string[]> {
  const { code, output: printed } = await of(...command, "--suppress-outputs");
  const said = [...printed.matchAll(/^ {4}error: (.*)$/gm)].map((match) => match[1]!);
  expect(code === 0, printed).toBe(said.length === 0);
  return said.filter((text) => !/^(update|preview) failed$/.test(text));
}

let rabbitmq: { a: Made; b: Made };
let amqp = 0;
let redis: { a: Made; b: Made };
let kafka: Made;
let home: Places;

async function secretsOf(values: Record<string, string>): Promise<object> {
  await setSecrets(clone, stack, values);
  const { config, ...rest } = parse(readFileSync(join(clone.folder, `Pulumi.${stack}.yaml`), "utf8"));
  return { ...rest, config: Object.fromEntries(Object.entries(config).filter(([key]) => key.endsWith("Password"))) };
}

beforeAll(async () => {
  const operator = await output<{ kafka: { password: string } }>(clone, "operator");
  const [rabbitmqA, rabbitmqB, redisA, redisB, kafkaB] = await Promise.all([
    makeRabbitmq(name("rabbitmq-a")),
    makeRabbitmq(name("rabbitmq-b")),
    makeRedis(name("redis-a")),
    makeRedis(name("redis-b")),
    makeKafka(name("kafka-b"), operator.kafka.password),
  ]);
  rabbitmq = { a: rabbitmqA, b: rabbitmqB };
  amqp = rabbitmqA.amqp;
  redis = { a: redisA, b: redisB };
  kafka = kafkaB;
  home = { rabbitmq: `127.0.0.1:${rabbitmq.a.port}`, redis: redis.a.port, kafka: clone.ports.kafka };
  await Promise.all([answers(rabbitmq.a), answers(rabbitmq.b)]);
  moveTo(home);
  await pulumi(clone, "stack", "init", stack, "--no-select");
  secrets = await secretsOf({
    rabbitmqPassword: PASSWORD,
    kafkaPassword: operator.kafka.password,
    redisPassword: PASSWORD,
  });
  expect(await refusals(["up", "--yes", "--skip-preview"])).toEqual([]);
});
afterAll(async () => {
  moveTo(home);
  const destroyed = await other("destroy", "--yes", "--skip-preview", "--run-program");
  await remove(...names);
  expect(destroyed.code, destroyed.output).toBe(0);
  await other("stack", "rm", "--yes");
  // Removing a stack unselects the one that is selected.
  await pulumi(clone, "stack", "select", clone.environment);
  rmSync(join(clone.folder, `Pulumi.${stack}.yaml`), { force: true });
});

describe("an environment whose address leads to another cluster", () => {
  it("is refused at preview and at up, and nothing is touched on either", async () => {
    const before = [await definitions(rabbitmq.a), await definitions(rabbitmq.b)];
    moveTo({ ...home, rabbitmq: `127.0.0.1:${rabbitmq.b.port}` });
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      expect(await refusals(command)).toEqual([
        expect.stringMatching(
          new RegExp(
            `^rabbitmq at http://127.0.0.1:${rabbitmq.b.port}: must be the cluster rabbit@${name("rabbitmq-a")} \\(.+\\), which this environment was made on, got rabbit@${name("rabbitmq-b")} \\(.+\\)\\. Nothing was changed there\\.$`,
          ),
        ),
      ]);
    }
    expect([await definitions(rabbitmq.a), await definitions(rabbitmq.b)]).toEqual(before);
  });

  it.each([
    ["kafka", () => ({ kafka: kafka.port }), () => `kafka at 127.0.0.1:${kafka.port}: must be the cluster `],
    ["Redis", () => ({ redis: redis.b.port }), () => `redis/cache at 127.0.0.1:${redis.b.port}: must be the cluster `],
  ])("of %s is refused too", async (_broker, moved, beginning) => {
    moveTo({ ...home, ...moved() });
    expect(await refusals(["preview"])).toEqual([expect.stringContaining(beginning())]);
  });

  it("has nothing to change once it leads back", async () => {
    moveTo(home);
    expect(await refusals(["preview", "--expect-no-changes"])).toEqual([]);
  });

  it("may be another address of the same cluster", async () => {
    moveTo({ ...home, rabbitmq: `localhost:${rabbitmq.a.port}` });
    const { code, output: printed } = await other("up", "--yes", "--skip-preview", "--suppress-outputs");
    expect(code, printed).toBe(0);
    expect(printed).toMatch(/Cluster rabbitmq updated .*\[diff: ~connection\]/);
    // Its provider, too, and the topic permissions of the one app.
    expect(printed).toMatch(/~ 3 updated/);
  });

  it("is named, within a minute, where something listens there and says nothing", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    moveTo({ ...home, rabbitmq: `127.0.0.1:${port}` });
    const started = performance.now();
    expect(await refusals(["preview"])).toEqual([
      expect.stringMatching(
        new RegExp(`^rabbitmq at http://127.0.0.1:${port}: must answer, got no answer within 1\\d s, in 3 tries: `),
      ),
    ]);
    expect(performance.now() - started).toBeLessThan(60_000);
    silent.close();
  });

  it("keeps every password out of the state and out of what is printed", async () => {
    const { output: printed } = await other("stack", "export");
    expect(printed).toContain("messaging-extras:index:Cluster");
    expect(printed).not.toContain(PASSWORD);
  });
  it("is not cleared of a broker that the skill no longer has, nor destroyed, even where the preview is skipped", async () => {
    const before = [await definitions(rabbitmq.a), await definitions(rabbitmq.b)];
    const moved = { ...home, rabbitmq: `127.0.0.1:${rabbitmq.b.port}` };
    const sentence = expect.stringContaining(`rabbitmq: must be the cluster rabbit@${name("rabbitmq-a")} `);
    moveTo(moved, { rabbitmq: null });
    expect(await refusals(["preview"])).toContainEqual(sentence);
    expect(await refusals(["up", "--yes"])).toContainEqual(sentence);
    moveTo(moved);
    expect(await refusals(["destroy", "--yes", "--run-program"])).toContainEqual(sentence);
    // The other brokers' part of it may go.
    expect(await refusals(["destroy", "--yes", "--skip-preview", "--run-program"])).toContainEqual(sentence);
    expect([await definitions(rabbitmq.a), await definitions(rabbitmq.b)]).toEqual(before);
    moveTo(home);
    expect(await refusals(["up", "--yes", "--skip-preview"])).toEqual([]);
    expect(await refusals(["preview", "--expect-no-changes"])).toEqual([]);
  });
});

describe("a broker of this machine whose data was made anew behind its environment", () => {
  const broker = container(clone, "redis-notifications");
  const of = (...args: string[]) => pulumi(clone, ...args);

  it("is refused, and made anew on purpose by the steps that the refusal names", async () => {
    // Its files, and not the volume: npm start itself refuses an environment whose volume is gone.
    await must("docker", ["exec", broker, "sh", "-c", "rm -rf /data/appendonlydir /data/users.acl"]);
    await must("docker", ["kill", broker]);
    await must("docker", ["start", broker]);
    const [refused = "", ...more] = await refusals(["preview"], of);
    expect(refused).toMatch(
      /^redis\/notifications at 127\.0\.0\.1:\d+: must be the cluster [-0-9a-f]{36}, which this environment was made on, got one that no environment was made on\./,
    );
    expect(more).toEqual([]);
    const steps = [
      ["config", "set", "--path", "messaging:acceptCluster[0]", "redis/notifications"],
      ["up", "--yes", "--skip-preview"],
      ["config", "rm", "messaging:acceptCluster"],
      ["refresh", "--yes", "--skip-preview"],
      ["up", "--yes", "--skip-preview"],
    ];
    for (const [at, step] of steps.entries()) {
      const { code, output: printed } = await of(...step);
      expect(code, printed).toBe(0);
      // What is accepted is accepted once.
      if (at === 1) {
        expect(await refusals(["preview"], of)).toEqual([
          expect.stringMatching(/^messaging:acceptCluster: must name a broker whose cluster was replaced, got redis\//),
        ]);
      }
    }
    const users = await run("docker", ["exec", broker, "cat", "/data/users.acl"]);
    expect(users.stdout).toMatch(/^user fulfilment on /m);
    expect(await refusals(["preview", "--expect-no-changes"], of)).toEqual([]);
  });
});
