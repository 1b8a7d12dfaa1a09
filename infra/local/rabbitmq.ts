import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { BrokerContainer, type ContainerFile, portsOpen } from "../../components/container.ts";
import { derivePassword } from "../../components/password.ts";
import { LOCAL_ADMINISTRATOR } from "../../skill/index.ts";

export interface LocalRabbitmqArgs {
  /** The environment's name. */
  stack: string;
  image: string;
  /** The environment's secret, which the administrator's password is derived from. */
  secret: pulumi.Input<string>;
  ports: { amqp: number; management: number };
}

const AMQP = 5672;
const MANAGEMENT = 15672;
const FOLDER = "/etc/messaging";

/** RabbitMQ as a container on this machine, with one administrator and no guest. */
export class LocalRabbitmq extends pulumi.ComponentResource {
  /** Where its HTTP API answers, once it does. */
  readonly managementUrl: pulumi.Output<string>;
  /** Where apps connect, without credentials. */
  readonly amqpUrl: pulumi.Output<string>;
  readonly username: pulumi.Output<string>;
  /** Secret. */
  readonly password: pulumi.Output<string>;
  /** Its data; whatever was declared on it goes with it. */
  readonly volume: pulumi.Resource;

  constructor(name: string, args: LocalRabbitmqArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:local:Rabbitmq", name, {}, opts);
    const password = derivePassword(args.secret, `rabbitmq/${LOCAL_ADMINISTRATOR}`);

    const container = new BrokerContainer(
      name,
      {
        stack: args.stack,
        broker: "rabbitmq",
        image: args.image,
        user: "rabbitmq",
        command: ["rabbitmq-server"],
        ports: [
          { internal: AMQP, external: args.ports.amqp },
          { internal: MANAGEMENT, external: args.ports.management },
        ],
        dataPath: "/var/lib/rabbitmq",
        health: portsOpen(AMQP, MANAGEMENT),
        environment: ENVIRONMENT,
        files: toFiles(password.apply(toDefinitions)),
      },
      { parent: this },
    );

    this.volume = container.volume;
    const outputs = {
      managementUrl: pulumi.interpolate`http://127.0.0.1:${container.port(MANAGEMENT)}`,
      amqpUrl: pulumi.interpolate`amqp://127.0.0.1:${container.port(AMQP)}`,
      username: pulumi.output(LOCAL_ADMINISTRATOR),
      password,
    };
    this.managementUrl = outputs.managementUrl;
    this.amqpUrl = outputs.amqpUrl;
    this.username = outputs.username;
    this.password = outputs.password;
    this.registerOutputs(outputs);
  }
}

const ENVIRONMENT = {
  // The official image has a folder of further settings, which would come after ours.
  RABBITMQ_CONFIG_FILES: `${FOLDER}/none`,
  RABBITMQ_CONFIG_FILE: `${FOLDER}/rabbitmq.conf`,
  RABBITMQ_ENABLED_PLUGINS_FILE: `${FOLDER}/enabled_plugins`,
  // The data on the volume belongs to the node's name, so it must not change with the container's.
  RABBITMQ_NODENAME: "rabbit@localhost",
  // Where the engine allows a billion open files, Erlang would reserve gigabytes for them.
  ERL_MAX_PORTS: "65536",
  // Erlang's own ports are for rabbitmqctl inside the container.
  ERL_EPMD_ADDRESS: "127.0.0.1",
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
};

const CONFIG = `log.console = true
log.console.level = warning
log.file = false
listeners.tcp.default = ${AMQP}
management.tcp.port = ${MANAGEMENT}
# Read at every start: the administrator has this password even on a volume from before. A node that reads definitions makes no guest.
definitions.import_backend = local_filesystem
definitions.local.path = ${FOLDER}/definitions.json
# Every message is meant to be kept: stop publishers while there is still room.
disk_free_limit.absolute = 512MB
`;

function toFiles(definitions: pulumi.Input<string>): ContainerFile[] {
  return [
    { path: ENVIRONMENT.RABBITMQ_CONFIG_FILE, content: CONFIG },
    { path: ENVIRONMENT.RABBITMQ_ENABLED_PLUGINS_FILE, content: "[rabbitmq_management].\n" },
    { path: `${FOLDER}/definitions.json`, content: definitions },
  ];
}

/** RabbitMQ's definitions file with the administrator alone, whose password it holds only as a salted hash. */
export function toDefinitions(password: string): string {
  const user = {
    name: LOCAL_ADMINISTRATOR,
    password_hash: passwordHash(password),
    hashing_algorithm: "rabbit_password_hashing_sha256",
    tags: ["administrator"],
  };
  return JSON.stringify({ users: [user] });
}

/** A RabbitMQ password hash (salt + SHA-256 of salt and password). The salt comes of the password, so that nothing changes on the next `up`. */
function passwordHash(password: string): string {
  const salt = createHash("sha256").update(`rabbitmq salt ${password}`).digest().subarray(0, 4);
  const digest = createHash("sha256").update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString("base64");
}
