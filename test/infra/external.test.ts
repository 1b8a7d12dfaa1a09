import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, describe, expect, it } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { Messaging } from "../../components/messaging.ts";
import { connect } from "../../infra/brokers.ts";
import { amqpUrl, appMechanism, rabbitmqPlaces } from "../../live/addresses.ts";
import { externalOperators } from "../../live/external.ts";
import { parseEnvironment, parseSkill } from "../../skill/index.ts";
import { program, registered, resolve, secret } from "../mocks.ts";

const skill = parseSkill({
  name: "outside",
  version: "2.0.0",
  apps: { shop: {} },
  rabbitmq: { queues: { orders: { producers: ["shop"] } } },
  kafka: { topics: { clicks: { producers: ["shop"] } } },
});
const environment = parseEnvironment({
  brokers: "external",
  rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "root" },
  kafka: { bootstrapServers: ["kafka.example.org:9093"], username: "root" },
});
const args = () => ({
  stack: "prod",
  skill,
  environment,
  secret: "s",
  secrets: { rabbitmqPassword: pulumi.secret("r"), kafkaPassword: pulumi.secret("k") },
});

describe("external brokers", () => {
  it("are reached by a provider each, and nothing is made for brokers that the skill does not use", async () => {
    const { outputs } = await program(async () =>
      Object.entries(await connect(args()))
        .filter(([, broker]) => broker)
        .map(([name]) => name),
    );
    expect(outputs).toEqual(["rabbitmq", "kafka"]);
    const made = await registered(() => connect(args()));
    const providers = made.filter(({ type }) => type.startsWith("pulumi:providers:"));
    expect(providers.map(({ type, inputs }) => [type, inputs])).toEqual([
      [
        "pulumi:providers:rabbitmq",
        { endpoint: "https://rabbit.example.org:15671", username: "root", password: secret("r") },
      ],
      [
        "pulumi:providers:kafka",
        {
          bootstrapServers: '["kafka.example.org:9093"]',
          kafkaVersion: "4.1.0",
          saslMechanism: "scram-sha512",
          saslPassword: secret("k"),
          saslUsername: "root",
          skipTlsVerify: "false",
          tlsEnabled: "true",
        },
      ],
    ]);
  });

  it("are asked which cluster they are before anything reaches them", async () => {
    const made = await registered(() => connect(args()));
    const providers = made.filter(({ type }) => type.startsWith("pulumi:providers:"));
    expect(providers.map(({ name, dependencies }) => [name, dependencies])).toEqual([
      ["rabbitmq", ["rabbitmq"]],
      ["kafka", ["kafka"]],
    ]);
    const clusters = made.filter(({ type }) => type.endsWith(":Cluster"));
    expect(clusters.map(({ inputs }) => inputs).sort((a, b) => (String(a.broker) > String(b.broker) ? -1 : 1))).toEqual(
      [
        {
          broker: "rabbitmq",
          connection: { managementUrl: "https://rabbit.example.org:15671", username: "root", password: secret("r") },
        },
        {
          broker: "kafka",
          connection: {
            bootstrapServers: ["kafka.example.org:9093"],
            securityProtocol: "SASL_SSL",
            saslMechanism: "SCRAM-SHA-512",
            username: "root",
            password: secret("k"),
          },
        },
      ],
    );
  });

  it("are Kafka with apps of the strength that the administrator has", () => {
    const mechanisms = ["plain", "scram-sha256", "scram-sha512"].map((mechanism) => [
      mechanism,
      appMechanism(mechanism),
    ]);
    expect(mechanisms).toEqual([
      ["plain", "SCRAM-SHA-512"],
      ["scram-sha256", "SCRAM-SHA-256"],
      ["scram-sha512", "SCRAM-SHA-512"],
    ]);
  });

  it.each([
    ["https://rabbit.example.org:15671", "amqps://rabbit.example.org:5671"],
    ["http://localhost:15672", "amqp://localhost:5672"],
  ])("whose endpoint is %s take apps at %s", (endpoint, url) => {
    expect(amqpUrl(endpoint)).toBe(url);
  });
});

describe("several nodes of RabbitMQ", () => {
  it("are told in lists, the first as it was alone", () => {
    const endpoint = ["https://a:15671", "https://b:15671"];
    const one = { managementUrl: "https://a:15671", url: "amqps://a:5671" };
    expect(rabbitmqPlaces({ endpoint })).toEqual({
      ...one,
      managementUrls: endpoint,
      urls: ["amqps://a:5671", "amqps://b:5671"],
    });
    expect(rabbitmqPlaces({ endpoint: "https://a:15671" })).toEqual(one);
    expect(rabbitmqPlaces({ endpoint: ["https://a:15671"], url: ["amqps://a:5671"] })).toEqual(one);
    expect(rabbitmqPlaces({ endpoint, url: "amqps://lb:5671" })).toEqual({
      ...one,
      managementUrls: endpoint,
      url: "amqps://lb:5671",
    });
  });

  it("reach apps and the operator by all, and Pulumi's provider by the first that answers", async () => {
    const server = createServer((_request, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const endpoint = ["http://127.0.0.1:1", `http://127.0.0.1:${port}`];
    const clustered = parseEnvironment({
      brokers: "external",
      rabbitmq: { endpoint, url: ["amqp://a:5672", "amqp://b:5672"], username: "root" },
      kafka: { bootstrapServers: ["kafka.example.org:9093"], username: "root" },
    });
    const made = await registered(() => connect({ ...args(), environment: clustered }));
    server.close();
    const inputs = (end: string) => made.find(({ type, name }) => type.endsWith(end) && name === "rabbitmq")?.inputs;
    expect(inputs("providers:rabbitmq")).toMatchObject({ endpoint: endpoint[1] });
    expect(inputs(":Cluster")).toMatchObject({ connection: { managementUrl: endpoint[1], managementUrls: endpoint } });
    expect(externalOperators(clustered, {}).rabbitmq).toMatchObject({
      managementUrl: endpoint[0],
      managementUrls: endpoint,
      url: "amqp://a:5672",
      urls: ["amqp://a:5672", "amqp://b:5672"],
    });
  });
});

describe("a private authority", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nprivate\n-----END CERTIFICATE-----\n";
  const file = join(mkdtempSync(join(tmpdir(), "messaging-test-")), "ca.pem");
  writeFileSync(file, pem);
  afterAll(() => rmSync(dirname(file), { recursive: true }));
  const all = {
    version: "2.0.0",
    name: "outside",
    apps: { shop: {} },
    rabbitmq: { queues: { orders: { producers: ["shop"] } } },
    kafka: { topics: { clicks: { producers: ["shop"] } } },
    redis: { instances: { cache: { keys: { "k:*": ["shop"] } } } },
  };
  const of = (authority: string) =>
    parseEnvironment({
      brokers: "external",
      rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "root", cacertFile: file },
      kafka: { bootstrapServers: ["kafka.example.org:9093"], username: "root", caCert: authority },
      redis: { provision: "external", servers: { cache: { host: "redis.example.org", caCert: authority } } },
    });
  const passwords = {
    rabbitmqPassword: pulumi.secret("r"),
    kafkaPassword: pulumi.secret("k"),
    redisPassword: pulumi.secret("p"),
  };

  it("is told to apps, to the operator and to our own providers, whether a file or the text itself names it", async () => {
    for (const authority of [file, pem]) {
      const made = await registered(async () => {
        const brokers = await connect({
          stack: "prod",
          skill: parseSkill(all),
          environment: of(authority),
          secret: "s",
          secrets: passwords,
        });
        const { apps, operator } = new Messaging("m", { skill: parseSkill(all), secret: "s", brokers });
        const { rabbitmq, kafka, redis } = apps.shop as unknown as AppAccess;
        expect([rabbitmq?.ca, kafka?.ca, redis?.cache?.ca]).toEqual([pem, pem, pem]);
        const told = (await resolve(operator)).value as OperatorAccess;
        expect([told.rabbitmq?.ca, told.kafka?.ca, told.redis?.cache?.ca]).toEqual([pem, pem, pem]);
      });
      const clusters = made.filter(({ type }) => type.endsWith(":Cluster"));
      expect(clusters.map(({ inputs }) => (inputs.connection as { ca?: string }).ca)).toEqual([pem, pem, pem]);
      const ours = made.find(({ type }) => type === "pulumi:providers:messaging-extras");
      expect(ours?.inputs).toMatchObject({ url: "rediss://redis.example.org:6379", ca: pem });
    }
  });

  it("is the gate's too", () => {
    const look = externalOperators(of(file), {});
    expect([look.rabbitmq?.ca, look.kafka?.ca, look.redis!("cache")?.ca]).toEqual([pem, pem, pem]);
  });

  it("that cannot be read is named by its key", () => {
    const environment = of("/no/such/file");
    expect(() => externalOperators(environment, {})).toThrow(
      'messaging:kafka.caCert: must be a file that can be read, got "/no/such/file" (ENOENT)',
    );
    expect(() => externalOperators({ ...environment, kafka: undefined }, {}).redis!("cache")).toThrow(
      'messaging:redis.servers: must be a file that can be read, got "/no/such/file" (ENOENT)',
    );
  });
});

const connected = async (brokers: object, config: object) => {
  const skill = parseSkill({ name: "outside", version: "2.0.0", apps: { shop: {} }, ...brokers });
  const environment = parseEnvironment({ brokers: "external", ...config });
  const secrets = { redisPassword: pulumi.secret("r") };
  const { outputs, resources } = await program(() =>
    connect({ stack: "prod", skill, environment, secret: "s", secrets }),
  );
  return { brokers: outputs!, providers: resources.map(({ type, name, inputs }) => [type, name, inputs]) };
};
const cluster = (connection: object) => ["messaging-extras:index:Cluster", "sqs", { broker: "sqs", connection }];

const region = "eu-central-1";
const endpoint = "http://127.0.0.1:4566";
// What the SDK adds by itself is among it.
const aws = { region, skipCredentialsValidation: "false", skipRegionValidation: "true" };
const emulator = {
  region,
  accessKey: secret("test"),
  secretKey: secret("test"),
  endpoints: JSON.stringify([{ sqs: endpoint, sts: endpoint, cloudwatch: endpoint, elasticache: endpoint }]),
  skipCredentialsValidation: "true",
  skipMetadataApiCheck: "true",
  skipRegionValidation: "true",
  skipRequestingAccountId: "true",
};

describe("external SQS", () => {
  const sqs = { queues: { payments: { producers: ["shop"] } } };

  it("is AWS, by the credentials of whoever runs Pulumi", async () => {
    const settings = { kmsKeyArn: "arn:aws:kms:k", alarmTopicArn: "arn:aws:sns:t", tags: { team: "t" } };
    const { brokers, providers } = await connected({ sqs }, { aws: { region, ...settings } });
    expect(providers).toEqual([cluster({ region }), ["pulumi:providers:aws", "aws", aws]]);
    expect(brokers.sqs?.args).toEqual({
      connection: { region },
      ...settings,
    });
  });

  it("is the emulator that the environment names", async () => {
    const { brokers, providers } = await connected({ sqs }, { aws: { region, endpoint } });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    expect(providers).toEqual([cluster({ region, endpoint, credentials }), ["pulumi:providers:aws", "aws", emulator]]);
    expect(brokers.sqs?.args.connection).toEqual({
      region,
      endpoint,
      credentials,
    });
  });
});

describe("external Redis", () => {
  const redis = { instances: { cache: { keys: { "k:*": ["shop"] } } } };

  it("is a server an instance, each with the one password", async () => {
    const servers = { cache: { host: "redis.example.org", username: "root" } };
    const { brokers, providers } = await connected({ redis }, { redis: { provision: "external", servers } });
    expect(providers).toEqual([]);
    const { provision } = brokers.redis!.args;
    if (provision.kind !== "external") throw new Error(provision.kind);
    const { password, ...server } = provision.servers.cache!;
    expect(server).toEqual({ host: "redis.example.org", port: 6379, tls: true, username: "root" });
    expect(await resolve(password)).toEqual({ value: "r", isSecret: true });
  });

  it("is ElastiCache of the sizes that the environment says", async () => {
    const config = {
      aws: { region, kmsKeyArn: "arn:aws:kms:k", tags: { team: "t" } },
      redis: { provision: "elasticache", nodeType: "cache.t4g.small", nodes: 3, subnetIds: ["subnet-1"] },
    };
    const { brokers, providers } = await connected({ redis }, config);
    expect(providers).toEqual([["pulumi:providers:aws", "redis", aws]]);
    expect(brokers.redis?.args).toEqual({
      provision: {
        kind: "elasticache",
        nodeType: "cache.t4g.small",
        nodes: 3,
        subnetIds: ["subnet-1"],
        kmsKeyArn: "arn:aws:kms:k",
        tags: { team: "t" },
      },
    });
  });

  it("is ElastiCache of the emulator that the environment names", async () => {
    const config = { aws: { region, endpoint }, redis: { provision: "elasticache" } };
    const { providers } = await connected({ redis }, config);
    expect(providers).toEqual([["pulumi:providers:aws", "redis", emulator]]);
  });
});
