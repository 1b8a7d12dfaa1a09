import { describe, expect, it } from "vitest";
import { localPorts, parseEnvironment, parseSkill, redisPort } from "../../skill/index.ts";

const problems = (config: Record<string, unknown>): string => {
  try {
    parseEnvironment(config);
    return "no problem";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("an environment", () => {
  it("of local brokers needs no more than to say so", () => {
    expect(parseEnvironment({ brokers: "local" })).toEqual({
      brokers: "local",
      allowDataLoss: [],
      allowAccessChange: [],
      acceptCluster: [],
      credentials: {},
      skill: {},
      local: { ports: { rabbitmq: 5672, rabbitmqManagement: 15672, kafka: 9092, aws: 4566, redis: {} } },
      localGiven: false,
    });
  });

  it("of external brokers has their connections, with TLS unless it says otherwise", () => {
    const environment = parseEnvironment({
      brokers: "external",
      rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "root" },
      kafka: { bootstrapServers: ["kafka.example.org:9093", "[::1]:9093"], username: "root" },
      aws: { region: "eu-central-1" },
      redis: { provision: "external", servers: { cache: { host: "redis.example.org" } } },
    });
    expect(environment.kafka).toEqual({
      bootstrapServers: ["kafka.example.org:9093", "[::1]:9093"],
      tls: true,
      saslMechanism: "scram-sha512",
      username: "root",
      kafkaVersion: "4.1.0",
    });
    expect(environment.redis?.servers).toEqual({
      cache: { host: "redis.example.org", port: 6379, tls: true, username: "default" },
    });
  });

  it("with mistakes is told all of them at once", () => {
    expect(
      problems({
        brokers: "cloud",
        rabbitmqq: {},
        local: { ports: { kafka: 70000, kafak: 1 } },
        rabbitmq: { endpoint: "rabbit:15672", url: "https://rabbit" },
        kafka: { bootstrapServers: [], tls: "yes", username: "" },
        aws: { region: "Frankfurt", kmsKeyArn: "key", alarmTopicArn: "topic" },
        redis: { provision: "cluster", nodes: 1 },
        skill: [],
      }),
    ).toMatchInlineSnapshot(`
      "messaging:brokers: must be one of local, external, got "cloud"
      messaging:skill: must be a map, got an empty list
      messaging:local.ports.kafka: must be a whole number from 1 to 65535, got 70000
      messaging:local.ports.kafak: must be a known key, got "kafak" (did you mean kafka?)
      messaging:rabbitmq.endpoint: must be http://<host>:<port> or https://<host>:<port>, got "rabbit:15672"
      messaging:rabbitmq.username: must be a text that is not empty, got nothing
      messaging:rabbitmq.url: must be amqp://<host>:<port> or amqps://<host>:<port>, got "https://rabbit"
      messaging:kafka.bootstrapServers: must name at least one server, got an empty list
      messaging:kafka.tls: must be true or false, got "yes"
      messaging:kafka.username: must be a text that is not empty, got ""
      messaging:aws.region: must be an AWS region such as eu-central-1, got "Frankfurt"
      messaging:aws.kmsKeyArn: must be the ARN of a KMS key, got "key"
      messaging:aws.alarmTopicArn: must be the ARN of an SNS topic, got "topic"
      messaging:redis.provision: must be one of elasticache, external, got "cluster"
      messaging:redis.nodes: must be a whole number from 2 to 6, got 1
      messaging:rabbitmqq: must be a known key, got "rabbitmqq" (did you mean rabbitmq?)"
    `);
  });

  it.each(["http://rabbit", "http://rabbit:", "http://rabbit:port", "http://:15672", "http://rabbit:15672/api"])(
    "with %s in place of a host and a port is refused",
    (endpoint) => {
      expect(problems({ brokers: "external", rabbitmq: { endpoint, username: "root" } })).toBe(
        `messaging:rabbitmq.endpoint: must be http://<host>:<port> or https://<host>:<port>, got "${endpoint}"`,
      );
    },
  );

  it.each([
    [[], "name at least one, got an empty list"],
    [["http://a:1", "http://a:1"], "name each once, got a list"],
    [["http://a:1", "https://b:1"], "be all http or all https, got a list"],
    [{}, "be http://<host>:<port> or https://<host>:<port>, or a list of such, got an empty map"],
  ])("with several endpoints %j is refused", (endpoint, rule) => {
    expect(problems({ brokers: "external", rabbitmq: { endpoint, username: "root" } })).toBe(
      `messaging:rabbitmq.endpoint: must ${rule}`,
    );
  });

  it("takes several nodes of a cluster, and names the one that is wrong", () => {
    const of = (...urls: string[]) =>
      problems({ brokers: "external", rabbitmq: { endpoint: "http://a:1", url: urls, username: "root" } });
    expect(of("amqp://a:5672", "amqp://b:5672")).toBe("no problem");
    expect(of("amqp://a:5672", "b:5672")).toMatch(
      /^messaging:rabbitmq\.url\[1\]: must be amqp:\/\/<host>:<port> or amqps:\/\/<host>:<port>, got "b:5672"$/,
    );
  });

  it.each(["http://rabbit:15672", "https://10.0.0.1:443", "https://[::1]:15671"])("takes %s", (endpoint) => {
    expect(problems({ brokers: "external", rabbitmq: { endpoint, username: "root" } })).toBe("no problem");
  });

  it("without brokers is told what to say", () => {
    expect(problems({})).toMatchInlineSnapshot(`"messaging:brokers: must be one of local, external, got nothing"`);
  });
});

describe("the ports of the local environment", () => {
  const skill = parseSkill({
    name: "ports",
    version: "2.0.0",
    apps: { a: {} },
    rabbitmq: { queues: { q: { producers: ["a"] } } },
    redis: { instances: { one: { keys: { k: ["a"] } }, two: { keys: { k: ["a"] } } } },
  });

  it("are those of the brokers that the skill uses", () => {
    const environment = parseEnvironment({ brokers: "local", local: { ports: { redis: { two: 7000 } } } });
    expect(localPorts(skill, environment)).toEqual([
      { broker: "rabbitmq", port: 5672, key: "messaging:local.ports.rabbitmq" },
      { broker: "rabbitmq", port: 15672, key: "messaging:local.ports.rabbitmqManagement" },
      { broker: "redis-one", port: redisPort("one"), key: "messaging:local.ports.redis.one" },
      { broker: "redis-two", port: 7000, key: "messaging:local.ports.redis.two" },
    ]);
  });

  it("must differ", () => {
    const environment = parseEnvironment({ brokers: "local", local: { ports: { redis: { two: 5672 } } } });
    expect(() => localPorts(skill, environment)).toThrow(
      "messaging:local.ports.redis.two: must be a port that no other broker has, got 5672",
    );
  });

  it("of Redis depend on the instance's name alone, within a range that nobody else uses", () => {
    expect([redisPort("notifications"), redisPort("cache")]).toEqual([redisPort("notifications"), redisPort("cache")]);
    for (const name of ["a", "notifications", "é", "x".repeat(60)]) {
      expect(redisPort(name)).toBeGreaterThanOrEqual(16379);
      expect(redisPort(name)).toBeLessThan(18379);
    }
  });
});
