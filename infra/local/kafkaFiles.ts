import * as pulumi from "@pulumi/pulumi";
import type { ContainerFile } from "../../components/container.ts";
import { LOCAL_ADMINISTRATOR } from "../../skill/index.ts";

const FOLDER = "/etc/messaging";
const DATA = "/var/lib/kafka/data/messaging";

/** The broker's own user. Its dot keeps it apart from every app: an app's name has none. */
export const INTERNAL_USER = "messaging.internal";

const CLASS_PATH = "-cp '/opt/kafka/libs/*'";

export interface KafkaFilesArgs {
  /** Where clients connect, inside the container as outside. */
  port: number;
  /** The administrator's. */
  password: pulumi.Input<string>;
  /** The broker's, for the connections to itself. */
  internalPassword: pulumi.Input<string>;
}

/** What the broker reads at start. Passwords are in these files only, never in a command line. */
export function toKafkaFiles({ port, password, internalPassword }: KafkaFilesArgs): ContainerFile[] {
  return [
    { path: `${FOLDER}/start.sh`, content: START },
    { path: `${FOLDER}/log4j2.properties`, content: LOGGING },
    {
      path: `${FOLDER}/server.properties`,
      content: pulumi.output(internalPassword).apply((own) => toProperties(port, own)),
    },
    { path: `${FOLDER}/format.args`, content: pulumi.output(password).apply(toFormatArguments) },
  ];
}

/** Arguments of the tool that prepares an empty volume, in a file: an argument of java would show the password to the whole machine. */
export function toFormatArguments(password: string): string {
  const user = `name=${LOCAL_ADMINISTRATOR},password=${password}`;
  return [
    CLASS_PATH,
    "kafka.tools.StorageTool format",
    `--config ${FOLDER}/server.properties`,
    `--add-scram "SCRAM-SHA-512=[${user}]"`,
    "",
  ].join("\n");
}

/** The broker's settings. */
export function toProperties(port: number, internalPassword: string): string {
  const [controllerPort, internalPort] = [9092, 9093, 9094].filter((other) => other !== port);
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${INTERNAL_USER}" password="${internalPassword}"`;
  const plain = `${login} user_${INTERNAL_USER}="${internalPassword}";`;
  const settings = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "log.dirs": DATA,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `APPS://0.0.0.0:${port},CONTROLLER://127.0.0.1:${controllerPort},INTERNAL://127.0.0.1:${internalPort}`,
    "advertised.listeners": `APPS://127.0.0.1:${port},INTERNAL://127.0.0.1:${internalPort}`,
    "listener.security.protocol.map": "APPS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,INTERNAL:SASL_PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.apps.sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.apps.scram-sha-512.sasl.jaas.config":
      "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.controller.plain.sasl.jaas.config": plain,
    "listener.name.internal.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.internal.plain.sasl.jaas.config": plain,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": false,
    "super.users": `User:${LOCAL_ADMINISTRATOR};User:${INTERNAL_USER}`,
    "auto.create.topics.enable": false,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    // One node on one machine: fewer partitions of the offsets topic start faster and lose nothing.
    "offsets.topic.num.partitions": 10,
    "transaction.state.log.num.partitions": 10,
    "group.initial.rebalance.delay.ms": 0,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

const START = `set -eu
if [ ! -f ${DATA}/meta.properties ]; then
  # 16 bytes as Kafka spells them: a volume is a cluster of its own, and its id tells it from every other.
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
  java @${FOLDER}/format.args --cluster-id "$id"
fi
exec java -Xms256m -Xmx512m -XX:+ExitOnOutOfMemoryError \\
  -Dlog4j2.configurationFile=${FOLDER}/log4j2.properties \\
  ${CLASS_PATH} kafka.Kafka ${FOLDER}/server.properties
`;

/** Kafka's log settings: warnings and errors, on the console. */
export const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;
