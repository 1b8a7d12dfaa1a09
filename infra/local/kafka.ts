import * as pulumi from "@pulumi/pulumi";
import { BrokerContainer, portsOpen } from "../../components/container.ts";
import { derivePassword } from "../../components/password.ts";
import { LOCAL_ADMINISTRATOR } from "../../skill/index.ts";
import { INTERNAL_USER, toKafkaFiles } from "./kafkaFiles.ts";

export interface LocalKafkaArgs {
  /** The environment's name. */
  stack: string;
  image: string;
  /** The environment's secret, which the administrator's and the broker's own passwords are derived from. */
  secret: pulumi.Input<string>;
  /** The port that clients connect to. They are told it by the broker, so it is the same inside and outside. */
  port: number;
}

/** Kafka as a container on this machine: one KRaft node, SCRAM for everybody, nothing allowed that no ACL allows. */
export class LocalKafka extends pulumi.ComponentResource {
  /** Where clients connect, once it answers. */
  readonly bootstrapServers: pulumi.Output<string>;
  readonly username: pulumi.Output<string>;
  /** Secret, for SCRAM-SHA-512. */
  readonly password: pulumi.Output<string>;
  /** Its data; whatever was declared on it goes with it. */
  readonly volume: pulumi.Resource;

  constructor(name: string, args: LocalKafkaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:local:Kafka", name, {}, opts);
    const password = derivePassword(args.secret, `kafka/${LOCAL_ADMINISTRATOR}`);
    const internalPassword = derivePassword(args.secret, `kafka/${INTERNAL_USER}`);

    const container = new BrokerContainer(
      name,
      {
        stack: args.stack,
        broker: "kafka",
        image: args.image,
        user: "appuser",
        command: ["bash", "/etc/messaging/start.sh"],
        ports: [{ internal: args.port, external: args.port }],
        dataPath: "/var/lib/kafka/data",
        // Open as soon as the broker serves, not before.
        health: portsOpen(args.port),
        files: toKafkaFiles({ port: args.port, password, internalPassword }),
      },
      { parent: this },
    );

    this.volume = container.volume;
    const outputs = {
      bootstrapServers: pulumi.interpolate`127.0.0.1:${container.port(args.port)}`,
      username: pulumi.output(LOCAL_ADMINISTRATOR),
      password,
    };
    this.bootstrapServers = outputs.bootstrapServers;
    this.username = outputs.username;
    this.password = outputs.password;
    this.registerOutputs(outputs);
  }
}
