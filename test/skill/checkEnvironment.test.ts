import { describe, expect, it } from "vitest";
import { checkEnvironment, parseEnvironment, parseSkill, secretsInClear } from "../../skill/index.ts";

const BROKERS = {
  rabbitmq: { queues: { orders: { producers: ["shop"] } } },
  kafka: { topics: { clicks: { producers: ["shop"] } } },
  sqs: { queues: { payments: { producers: ["shop"] } } },
  redis: { instances: { cache: { keys: { "k:*": ["shop"] } } } },
};
const skillOf = (brokers: object, apps: object = { shop: {} }) =>
  parseSkill({ name: "checked", version: "2.0.0", apps, ...brokers });

const CONNECTIONS = {
  rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "root" },
  kafka: { bootstrapServers: ["kafka.example.org:9093"], username: "root" },
  aws: { region: "eu-central-1" },
  redis: { provision: "external", servers: { cache: { host: "redis.example.org" } } },
};
const ALL_SECRETS = ["rabbitmqPassword", "kafkaPassword", "redisPassword"];

const problems = (brokers: object, config: object, secretKeys: string[] = [], apps?: object): string => {
  try {
    checkEnvironment(skillOf(brokers, apps), parseEnvironment({ ...config }), secretKeys);
    return "no problem";
  } catch (error) {
    return (error as Error).message;
  }
};
const external = (config: object, brokers: object = BROKERS, apps?: object) =>
  problems(brokers, { brokers: "external", ...CONNECTIONS, ...config }, ALL_SECRETS, apps);
const { redis } = BROKERS;
const elasticache = (sizes: object = {}) => ({ redis: { provision: "elasticache", ...sizes } });

describe("messaging:acceptCluster", () => {
  it("names brokers that the skill uses", () => {
    const acceptCluster = ["rabbitmq", "redis/cache"];
    expect(external({ acceptCluster })).toBe("no problem");
    expect(problems(BROKERS, { brokers: "local", acceptCluster })).toBe("no problem");
    expect(external({ acceptCluster: ["sqs", "redis/cash"] }, { redis })).toMatchInlineSnapshot(`
      "messaging:acceptCluster: must name brokers that the skill uses, got "sqs"
      messaging:acceptCluster: must name brokers that the skill uses, got "redis/cash" (did you mean redis/cache?)"
    `);
    expect(external({ acceptCluster: ["redis"] })).toMatchInlineSnapshot(
      `"messaging:acceptCluster[0]: must be rabbitmq, kafka, sqs or redis/<instance>, got "redis""`,
    );
  });

  it("names no ElastiCache, of which nothing is recorded", () => {
    expect(external({ ...elasticache(), acceptCluster: ["redis/cache"] })).toContain(
      "messaging:acceptCluster: must name brokers that the skill uses",
    );
  });
});

describe("an environment of local brokers", () => {
  it("needs nothing", () => {
    expect(problems(BROKERS, { brokers: "local" })).toBe("no problem");
  });

  it("with every mistake is told all of them at once", () => {
    const ports = { kafka: 5672, redis: { cahe: 7000, cache: 4566 } };
    expect(problems(BROKERS, { brokers: "local", ...CONNECTIONS, local: { ports } })).toMatchInlineSnapshot(`
      "messaging:rabbitmq: must not be set while messaging:brokers is local, got a map
      messaging:kafka: must not be set while messaging:brokers is local, got a map
      messaging:aws: must not be set while messaging:brokers is local, got a map
      messaging:redis: must not be set while messaging:brokers is local, got a map
      messaging:local.ports.redis.cahe: must be an instance of the skill, got "cahe" (did you mean cache?)
      messaging:local.ports.kafka: must be a port that no other broker has, got 5672
      messaging:local.ports.redis.cache: must be a port that no other broker has, got 4566"
    `);
  });

  it("may name ports of brokers that the skill does not use, as they are no instances", () => {
    expect(problems({ redis }, { brokers: "local", local: { ports: { kafka: 5672 } } })).toBe("no problem");
  });
});

describe("an environment of external brokers", () => {
  it("with a connection and a password for each is right", () => {
    expect(external({})).toBe("no problem");
  });

  it("without any is told all of them at once", () => {
    expect(problems(BROKERS, { brokers: "external" })).toMatchInlineSnapshot(`
      "messaging:rabbitmq: must be set, because the skill uses it and messaging:brokers is external, got nothing
      messaging:kafka: must be set, because the skill uses it and messaging:brokers is external, got nothing
      messaging:aws: must be set, because the skill uses it and messaging:brokers is external, got nothing
      messaging:redis: must be set, because the skill uses it and messaging:brokers is external, got nothing
      messaging:rabbitmqPassword: must be set by \`pulumi config set --secret messaging:rabbitmqPassword\`, got nothing
      messaging:kafkaPassword: must be set by \`pulumi config set --secret messaging:kafkaPassword\`, got nothing"
    `);
  });

  it("needs nothing of a broker that the skill does not use", () => {
    expect(problems({ sqs: BROKERS.sqs }, { brokers: "external", aws: CONNECTIONS.aws })).toBe("no problem");
  });

  it("with every mistake is told all of them at once", () => {
    const config = {
      brokers: "external",
      rabbitmq: { ...CONNECTIONS.rabbitmq, username: "admin" },
      kafka: { ...CONNECTIONS.kafka, username: "admin" },
      redis: {
        provision: "external",
        nodeType: "cache.t4g.micro",
        nodes: 2,
        subnetIds: ["subnet-1"],
        securityGroupIds: [],
        snapshotRetentionDays: 1,
        servers: { cachee: { host: "one", username: "admin" }, "another one": { host: "two", username: "admin" } },
      },
      local: {},
    };
    expect(problems(BROKERS, config, [], { shop: {}, admin: {} })).toMatchInlineSnapshot(`
      "messaging:local: must not be set while messaging:brokers is external, got a map
      messaging:aws: must be set, because the skill uses it and messaging:brokers is external, got nothing
      messaging:rabbitmqPassword: must be set by \`pulumi config set --secret messaging:rabbitmqPassword\`, got nothing
      messaging:kafkaPassword: must be set by \`pulumi config set --secret messaging:kafkaPassword\`, got nothing
      messaging:redisPassword: must be set by \`pulumi config set --secret messaging:redisPassword\`, got nothing
      apps.admin: must not be the administrator of messaging:rabbitmq, got "admin"
      apps.admin: must not be the administrator of messaging:kafka, got "admin"
      apps.admin: must not be the administrator of messaging:redis, got "admin"
      messaging:redis.nodeType: must not be set while messaging:redis.provision is external, got "cache.t4g.micro"
      messaging:redis.nodes: must not be set while messaging:redis.provision is external, got 2
      messaging:redis.subnetIds: must not be set while messaging:redis.provision is external, got a list
      messaging:redis.securityGroupIds: must not be set while messaging:redis.provision is external, got an empty list
      messaging:redis.snapshotRetentionDays: must not be set while messaging:redis.provision is external, got 1
      messaging:redis.servers.cache: must be set, because the skill uses it, got nothing
      messaging:redis.servers.cachee: must be an instance of the skill, got "cachee" (did you mean cache?)
      messaging:redis.servers["another one"]: must be an instance of the skill, got "another one""
    `);
  });

  it("asks no password of ElastiCache, and AWS's region", () => {
    expect(problems({ redis }, { brokers: "external", ...elasticache() })).toBe(
      "messaging:aws: must be set, because the skill uses it and messaging:brokers is external, got nothing",
    );
    expect(problems({ redis }, { brokers: "external", aws: CONNECTIONS.aws, ...elasticache() })).toBe("no problem");
  });

  it("has no servers where ElastiCache makes them", () => {
    expect(external(elasticache({ servers: {} }))).toBe(
      "messaging:redis.servers: must not be set while messaging:redis.provision is elasticache, got an empty map",
    );
  });

  it("lets an app have the name of the administrator of a broker that the skill does not use", () => {
    const apps = { shop: {}, root: {} };
    const { rabbitmq, kafka, aws } = CONNECTIONS;
    const config = { brokers: "external", rabbitmq, kafka, aws };
    expect(problems({ sqs: BROKERS.sqs }, config, ALL_SECRETS, apps)).toBe("no problem");
    expect(problems({ kafka: BROKERS.kafka }, config, ALL_SECRETS, apps)).toBe(
      'apps.root: must not be the administrator of messaging:kafka, got "root"',
    );
  });

  it.each([
    ["314gb", {}, "no problem"],
    ["315gb", {}, 'redis.instances.cache.maxMemory: must fit an ElastiCache node (at most 314gb), got "315gb"'],
    ["315gb", { nodeType: "cache.r7g.32xlarge" }, "no problem"],
  ])("of ElastiCache has nodes for %s with %o: %s", (maxMemory, sizes, expected) => {
    const large = { redis: { instances: { cache: { maxMemory, keys: { "k:*": ["shop"] } } } } };
    expect(external(elasticache(sizes), large)).toBe(expected);
  });
});

describe("a secret in clear", () => {
  it("is refused, other keys are not", () => {
    expect(secretsInClear(["brokers", "kafkaPassword"])).toEqual([
      {
        path: "messaging:kafkaPassword",
        rule: "be set with `pulumi config set --secret`",
        got: "a value in clear",
      },
    ]);
  });
});
