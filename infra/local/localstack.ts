import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { BrokerContainer, portsOpen } from "../../components/container.ts";

export interface LocalStackArgs {
  /** The environment's name. */
  stack: string;
  image: string;
  /** The port of every AWS service. It stands in queue URLs, so it is the same inside and outside. */
  port: number;
}

/** AWS as a container on this machine, for the services that a queue needs. It asks for no credentials. */
export class LocalStack extends pulumi.ComponentResource {
  /** Where the services answer, once they do. */
  readonly endpoint: pulumi.Output<string>;
  /** Its data; whatever was declared on it goes with it. */
  readonly volume: pulumi.Resource;

  constructor(name: string, args: LocalStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:local:LocalStack", name, {}, opts);

    const container = new BrokerContainer(
      name,
      {
        stack: args.stack,
        broker: "localstack",
        image: args.image,
        user: "localstack",
        command: ["/opt/code/localstack/.venv/bin/python", "-m", "localstack.runtime.main"],
        ports: [{ internal: args.port, external: args.port }],
        dataPath: DATA,
        health: portsOpen(args.port),
        environment: toEnvironment(args.port),
        files: [
          script("messaging", "messaging_queues.py"),
          script("init/start.d", "persistence.py"),
          script("init/start.d", "visibility.py"),
        ],
      },
      { parent: this },
    );

    this.volume = container.volume;
    this.endpoint = pulumi.interpolate`http://127.0.0.1:${container.port(args.port)}`;
    this.registerOutputs({ endpoint: this.endpoint });
  }
}

const DATA = "/var/lib/localstack";

/** LocalStack's settings, where it listens on this port of its container and is reached at the same one. */
export function toEnvironment(port: number): Record<string, string> {
  return {
    GATEWAY_LISTEN: `0.0.0.0:${port}`,
    LOCALSTACK_HOST: `127.0.0.1:${port}`,
    SERVICES: "sqs,sns,kms,iam,sts,cloudwatch",
    STRICT_SERVICE_LOADING: "1",
    // The form of a queue's URL that the AWS provider takes and that needs no name server.
    SQS_ENDPOINT_STRATEGY: "off",
    // Nothing is sent to or fetched from LocalStack's makers.
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
    ACTIVATE_PRO: "0",
    DNS_ADDRESS: "0",
    LS_LOG: "warning",
    HOME: "/home/localstack",
  };
}

/**
 * A script of ours in LocalStack, which runs those of `init/start.d` at its start. The community edition forgets everything at a
 * restart, and is late with what comes back.
 */
const script = (folder: string, name: string) => ({
  path: `/etc/localstack/${folder}/${name}`,
  content: readFileSync(new URL(`localstack/${name}`, import.meta.url), "utf8"),
});
