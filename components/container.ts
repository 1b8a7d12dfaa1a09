import { Container } from "@pulumi/docker/container.js";
import { RemoteImage } from "@pulumi/docker/remoteImage.js";
import { Volume } from "@pulumi/docker/volume.js";
import * as pulumi from "@pulumi/pulumi";

/** A port of the broker, published on 127.0.0.1 only. */
export interface PublishedPort {
  /** The port inside the container. */
  internal: number;
  /** The port on 127.0.0.1 of this machine. */
  external: number;
}

/** A file written into the container before its process starts. A secret content stays secret in the state. */
export interface ContainerFile {
  /** Absolute path inside the container, outside every volume: a volume would hide it. */
  path: string;
  content: pulumi.Input<string>;
}

export interface BrokerContainerArgs {
  /** The environment's name. Container, volume and hostname are named after it: `messaging-<stack>-<broker>`. */
  stack: string;
  /** What runs in it, unique in the environment, such as `rabbitmq` or `redis-notifications`. */
  broker: string;
  /** An image that is on this machine, such as `messaging.local/kafka:4.1.0`. */
  image: string;
  /** The unprivileged user of the image that the process runs as. */
  user: string;
  /** The whole command line. The image's own entrypoint is not used, so that built and official images behave alike. No secrets: others can read it. */
  command: string[];
  ports: PublishedPort[];
  /** Where the image keeps its data, owned by `user`; a named volume is mounted there. */
  dataPath: string;
  /** The command, run inside the container, that succeeds once the broker serves. See `portsOpen`. */
  health: string[];
  /** Environment variables. No secrets: `docker inspect` shows them. */
  environment?: Record<string, string>;
  files?: ContainerFile[];
}

/** A health check that costs no process but bash: every port accepts a connection on the container's loopback. */
export function portsOpen(...ports: number[]): string[] {
  return ["bash", "-c", ports.map((port) => `exec 3<>/dev/tcp/127.0.0.1/${port}`).join(" && ")];
}

/** The name of an environment's container, of its volume and of its host. */
export function containerName(stack: string, broker: string): string {
  return `messaging-${stack}-${broker}`;
}

/** What of a broker's container depends on nothing but its arguments: all but the image's id and the volume's name. */
export function toContainerArgs(args: BrokerContainerArgs) {
  const name = containerName(args.stack, args.broker);
  return {
    name,
    hostname: name,
    user: args.user,
    entrypoints: [args.command[0]!],
    command: args.command.slice(1),
    envs: Object.entries(args.environment ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
    ports: [...args.ports]
      .sort((a, b) => a.internal - b.internal)
      .map(({ internal, external }) => ({ internal, external, ip: "127.0.0.1", protocol: "tcp" })),
    uploads: (args.files ?? []).map(({ path, content }) => ({ file: path, content, permissions: "0644" })),
    labels: labels(args.stack),
    healthcheck: {
      tests: ["CMD", ...args.health],
      interval: "2s",
      timeout: "5s",
      retries: 3,
      startPeriod: "1m0s",
    },
    wait: true,
    waitTimeout: 120,
    restart: "unless-stopped",
    stopTimeout: 60,
    destroyGraceSeconds: 60,
    privileged: false,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    networkMode: "bridge",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
  };
}

const labels = (stack: string) => [{ label: "messaging.stack", value: stack }];

/**
 * A broker as a hardened container: no privilege, no capability, published on 127.0.0.1 only, its data on a named volume.
 * It is ready when it exists: whatever reads `port` waits for the health check.
 */
export class BrokerContainer extends pulumi.ComponentResource {
  /** What holds its data: without it, nothing of what the broker was told is left. */
  readonly volume: pulumi.Resource;
  private readonly container: Container;

  constructor(name: string, args: BrokerContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:local:BrokerContainer", name, {}, opts);
    const own = { parent: this };

    // A stack that is renamed (`pulumi stack rename`) keeps its containers and volumes, and the messages on them, under their names.
    const image = new RemoteImage(name, { name: args.image, keepLocally: true }, own);
    const volume = new Volume(
      name,
      { name: containerName(args.stack, args.broker), labels: labels(args.stack) },
      { ...own, deleteBeforeReplace: true, ignoreChanges: ["name", "labels"] },
    );
    this.container = new Container(
      name,
      {
        ...toContainerArgs(args),
        image: image.imageId,
        volumes: [{ volumeName: volume.name, containerPath: args.dataPath }],
      },
      // The provider says of these that it changes them, and does not.
      {
        ...own,
        deleteBeforeReplace: true,
        ignoreChanges: ["name", "hostname", "labels"],
        replaceOnChanges: ["healthcheck", "tmpfs", "init"],
      },
    );

    this.volume = volume;
    this.registerOutputs({ containerName: this.container.name });
  }

  /** The port on 127.0.0.1 at which `internal` is published, once the broker is ready. */
  port(internal: number): pulumi.Output<number> {
    return this.container.ports.apply((ports) => {
      const published = ports?.find((port) => port.internal === internal)?.external;
      if (published === undefined) throw new Error(`The container publishes no port ${internal}`);
      return published;
    });
  }
}
