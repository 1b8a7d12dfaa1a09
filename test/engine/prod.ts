import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { rabbitmqApi } from "../../client/rabbitmq/api.ts";
import { kafkaIdentity } from "../../live/kafkaIdentity.ts";
import { type Gateway, startGateway } from "./aws/gateway.ts";
import { awsJson, awsQuery, startLocalStack } from "./aws/localstack.ts";
import { startMoto } from "./aws/moto.ts";
import { type Clone, npm, pulumi, setSecrets } from "./clone.ts";
import { PASSWORD, remove } from "./clusters.ts";
import { type Authority, makeAuthority, makeTlsKafka, makeTlsRabbitmq } from "./tls.ts";

const containers = ["rabbitmq", "kafka", "localstack"].map((broker) => `messaging-tests-prod-${broker}`);
const [RABBITMQ, KAFKA, LOCALSTACK] = containers as [string, string, string];
const KAFKA_ADMINISTRATOR = "messaging-admin";

/** What stands in for the brokers and services of production. */
export interface Stage {
  authority: Authority;
  rabbitmq: { endpoint: string; url: string };
  kafka: string;
  aws: Gateway;
  keyArn: string;
  topicArn: string;
  end(): Promise<void>;
}

/** Starts brokers that listen by TLS alone, and emulators of AWS behind one address. Ports: `firstPort` and the next. */
export async function setStage(firstPort: number): Promise<Stage> {
  await remove(...containers);
  const authority = await makeAuthority();
  const moto = await startMoto(firstPort + 1);
  const [rabbitmq, kafka, localstack] = await Promise.all([
    makeTlsRabbitmq(RABBITMQ, authority),
    makeTlsKafka(KAFKA, PASSWORD, authority),
    startLocalStack(LOCALSTACK, `127.0.0.1:${firstPort}`),
  ]);
  const aws = await startGateway(firstPort, localstack, { elasticache: moto.endpoint });
  const stage = {
    authority,
    rabbitmq: { endpoint: `https://localhost:${rabbitmq.port}`, url: `amqps://localhost:${rabbitmq.amqps}` },
    kafka: `localhost:${kafka.port}`,
    aws,
    keyArn: await keyIn(aws.endpoint),
    topicArn: await topicIn(aws.endpoint),
    end: async () => void (await Promise.all([remove(...containers), aws.close(), moto.stop()])),
  };
  await answer(stage);
  return stage;
}

async function keyIn(endpoint: string): Promise<string> {
  const made = (await awsJson(endpoint, "kms", "TrentService.CreateKey", {})) as { KeyMetadata: { Arn: string } };
  return made.KeyMetadata.Arn;
}

async function topicIn(endpoint: string): Promise<string> {
  const parameters = { Action: "CreateTopic", Version: "2010-03-31", Name: "messaging-alarms" };
  return /<TopicArn>(.*?)<\/TopicArn>/.exec(await awsQuery(endpoint, "sns", parameters))![1]!;
}

/** Waits, for two minutes at most, until the brokers let their administrators in. */
async function answer({ authority: { ca }, rabbitmq, kafka }: Pick<Stage, "authority" | "rabbitmq" | "kafka">) {
  const api = rabbitmqApi({ managementUrl: rabbitmq.endpoint, username: "root", password: PASSWORD, ca });
  const look = kafkaIdentity({
    bootstrapServers: [kafka],
    securityProtocol: "SASL_SSL",
    saslMechanism: "SCRAM-SHA-512",
    username: KAFKA_ADMINISTRATOR,
    password: PASSWORD,
    ca,
  });
  for (const ask of [() => api.get("overview"), () => look.identity()]) {
    for (let tries = 240; ; tries--) {
      try {
        await ask();
        break;
      } catch (error) {
        if (tries === 0) throw error;
        await wait(500);
      }
    }
  }
}

/**
 * Makes the stack `prod` of a clone from the project's Pulumi.prod.yaml, in which the addresses of the stage take the places of
 * example.org, and one Kafka node that of three.
 */
export async function initProd(clone: Clone, { authority, rabbitmq, kafka, aws, keyArn, topicArn }: Stage) {
  const file = join(clone.folder, "Pulumi.prod.yaml");
  const { config } = parse(readFileSync(join(import.meta.dirname, "../../Pulumi.prod.yaml"), "utf8"));
  const cacertFile = "certificates/ca.pem";
  mkdirSync(join(clone.folder, "certificates"));
  writeFileSync(join(clone.folder, cacertFile), authority.ca);
  Object.assign(config["messaging:rabbitmq"], { ...rabbitmq, username: "root", cacertFile });
  const administrator = { bootstrapServers: [kafka], username: KAFKA_ADMINISTRATOR, caCert: cacertFile };
  Object.assign(config["messaging:kafka"], administrator);
  const services = { endpoint: aws.endpoint, kmsKeyArn: keyArn, alarmTopicArn: topicArn };
  Object.assign(config["messaging:aws"], services);
  config["messaging:skill"].kafka.topics["user-events"].replicationFactor = 1;
  writeFileSync(file, stringify({ config }));
  mkdirSync(join(clone.folder, ".state"), { recursive: true });
  writeFileSync(join(clone.folder, ".state/passphrase"), "of the tests");
  const setUp = await npm(clone, "run", "setup");
  if (setUp.code !== 0) throw new Error(setUp.output);
  await mustPulumi(clone, "stack", "init", "prod");
  await setSecrets(clone, "prod", { rabbitmqPassword: PASSWORD, kafkaPassword: PASSWORD });
}

async function mustPulumi(clone: Clone, ...args: string[]): Promise<void> {
  const { code, output } = await pulumi(clone, ...args);
  if (code !== 0) throw new Error(output);
}

/** Lets the next update delete what these names hold. */
export async function letGo(clone: Clone, ...names: string[]): Promise<void> {
  for (const [at, name] of names.entries())
    await mustPulumi(clone, "config", "set", "--path", `messaging:allowDataLoss[${at}]`, name);
}
