import { Connection } from "rabbitmq-client";
import { PASSWORD } from "../../engine/clusters.ts";
import { type Network, type Nodes, nodesOf, until } from "./nodes.ts";

/** What a node does that no longer sees the others. */
export type PartitionHandling = "pause_minority" | "ignore" | "autoheal";

/** Three nodes of RabbitMQ with the administrator `root`, whose password is `PASSWORD`. */
export interface RabbitmqCluster extends Nodes {
  /** The management API of a node: `http://172.30.6.11:15672`. */
  management(node: number): string;
  /** Where clients connect to a node: `amqp://172.30.6.11:5672`. */
  amqp(node: number): string;
  /** A connection to a node (default: 1), as the administrator. */
  connect(vhost: string, node?: number): Connection;
  /** What the management API of a node answers; undefined for 404. `change` is a method and a body. */
  api<T>(path: string, node?: number, change?: [method: string, body?: object]): Promise<T>;
  /** Makes a virtual host with all rights of the administrator. */
  makeVhost(vhost: string): Promise<void>;
  /** Publishes messages to a queue of any kind, each confirmed. */
  fill(vhost: string, queue: string, count: number): Promise<void>;
  /** Standard output of `rabbitmqctl` on a node. */
  ctl(node: number, ...args: string[]): Promise<string>;
  /** The node that leads a quorum queue or stream, as `node` (default: 1) sees it; undefined where there is none. */
  leader(vhost: string, queue: string, node?: number): Promise<number | undefined>;
  /** Makes a node the leader of a quorum queue. */
  lead(vhost: string, queue: string, node: number): Promise<void>;
  /** Holds up the process of a quorum queue on the node that leads it; gives back what lets it go on. */
  suspend(vhost: string, queue: string): Promise<() => Promise<void>>;
  /** Sets what every node that answers does about a partition, from now on. */
  handlePartitions(how: PartitionHandling): Promise<void>;
  /** Waits until all nodes run and see each other, and every copy of every queue is there. Default: two minutes. */
  ready(milliseconds?: number): Promise<void>;
  /** As `ready`, after a fault that was undone: RabbitMQ does not always come together again, then the nodes after the first are started anew. */
  settle(): Promise<void>;
}

const COOKIE = ["--env", "RABBITMQ_ERLANG_COOKIE=of-the-cluster-tests"];

/** Makes the cluster and waits until it is one. Default: a minority pauses itself. */
export async function makeRabbitmqCluster(
  network: Network,
  how: PartitionHandling = "pause_minority",
): Promise<RabbitmqCluster> {
  const nodes = nodesOf(network, "rabbitmq", 11);
  const all = [1, 2, 3];
  const erlangName = (node: number) => `rabbit@${nodes.container(node)}`;
  const management = (node: number) => `http://${nodes.address(node)}:15672`;

  const cluster: RabbitmqCluster = {
    ...nodes,
    management,
    amqp: (node) => `amqp://${nodes.address(node)}:5672`,
    connect(vhost, node = 1) {
      const connection = new Connection({ hostname: nodes.address(node), username: "root", password: PASSWORD, vhost });
      // It tells those who wait as well; without a listener an error would end the process.
      connection.on("error", () => {});
      return connection;
    },
    async api<T>(path: string, node = 1, [method, body]: [string, object?] = ["GET"]): Promise<T> {
      const authorization = `Basic ${Buffer.from(`root:${PASSWORD}`).toString("base64")}`;
      const answer = await fetch(`${management(node)}/api/${path}`, {
        method,
        ...(body && { body: JSON.stringify(body) }),
        headers: { authorization, "content-type": "application/json" },
        signal: AbortSignal.timeout(10_000),
      });
      const text = await answer.text();
      if (answer.status !== 404 && !answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return (answer.ok && text !== "" ? JSON.parse(text) : undefined) as T;
    },
    async makeVhost(vhost) {
      await cluster.api(`vhosts/${vhost}`, 1, ["PUT", { default_queue_type: "quorum" }]);
      const all = { configure: ".*", write: ".*", read: ".*" };
      await cluster.api(`permissions/${vhost}/root`, 1, ["PUT", all]);
    },
    async fill(vhost, queue, count) {
      const connection = cluster.connect(vhost);
      try {
        const publisher = connection.createPublisher({ confirm: true });
        for (let at = 0; at < count; at++) {
          await publisher.send({ exchange: "", routingKey: queue, durable: true, mandatory: true }, `${queue} ${at}`);
        }
        await publisher.close();
      } finally {
        await connection.close();
      }
    },
    async ctl(node, ...args) {
      const { code, stdout, output } = await nodes.inside(node, "env", "HOME=/tmp", "rabbitmqctl", "--quiet", ...args);
      if (code !== 0) throw new Error(output);
      return stdout;
    },
    async leader(vhost, queue, node) {
      const path = `queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
      const found = await cluster.api<{ leader?: string; node?: string } | undefined>(path, node);
      const name = found?.leader ?? found?.node;
      return all.find((one) => erlangName(one) === name);
    },
    async lead(vhost, queue, node) {
      const transfer = `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"${vhost}">>, queue, <<"${queue}">>)), rabbit_quorum_queue:transfer_leadership(Q, '${erlangName(node)}').`;
      await until(`node ${node} leads ${queue}`, async () => {
        if ((await cluster.leader(vhost, queue)) === node) return true;
        await cluster.ctl(1, "eval", transfer);
        return false;
      });
    },
    async suspend(vhost, queue) {
      const leader = await until(`a leader of ${queue}`, () => cluster.leader(vhost, queue));
      const of = (verb: string) => cluster.ctl(leader, "eval", `sys:${verb}({'${vhost}_${queue}', node()}).`);
      await of("suspend");
      return async () => void (await of("resume"));
    },
    async handlePartitions(handling) {
      const set = `application:set_env(rabbit, cluster_partition_handling, ${handling}).`;
      for (const node of all) await cluster.ctl(node, "eval", set);
    },
    async ready(milliseconds) {
      await until(
        "three nodes of RabbitMQ",
        async () => {
          for (const node of all) {
            const seen = await cluster.api<{ running: boolean; partitions?: string[] }[]>("nodes", node);
            const whole = seen.filter(({ running, partitions = [] }) => running && partitions.length === 0);
            if (whole.length !== 3) return false;
          }
          const queues = await cluster.api<{ state?: string; members?: string[]; online?: string[] }[]>("queues");
          return queues.every(
            ({ state, members = [], online = [] }) => state === "running" && members.length === online.length,
          );
        },
        milliseconds,
      );
    },
    async settle() {
      try {
        await cluster.ready(60_000);
      } catch {
        console.log("the nodes did not come together by themselves: 2 and 3 are started anew");
        for (const node of [2, 3]) await nodes.kill(node).then(() => nodes.start(node));
        await cluster.ready();
      }
    },
  };

  const options = ["--user", "rabbitmq", ...COOKIE];
  for (const node of all) {
    await nodes.make(
      node,
      "messaging.local/rabbitmq:4.0.5",
      [...options, "--env", `RABBITMQ_NODENAME=${erlangName(node)}`],
      script(all.map(erlangName), how),
    );
  }
  await cluster.ready();
  return cluster;
}

const script = (names: string[], how: PartitionHandling): string => `
export RABBITMQ_CONFIG_FILE=/tmp/rabbitmq.conf RABBITMQ_ADVANCED_CONFIG_FILE=/tmp/advanced.config
export RABBITMQ_CONFIG_FILES=/tmp/none RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/plugins ERL_MAX_PORTS=65536
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
echo '[rabbitmq_management].' > /tmp/plugins
# A partition is noticed after 0.75 to 1.25 of this: 15 s in place of Erlang's 60.
echo '[{kernel, [{net_ticktime, 15}]}].' > /tmp/advanced.config
cat > /tmp/rabbitmq.conf <<'END'
log.console = true
log.console.level = info
log.file = false
default_user = root
default_pass = ${PASSWORD}
loopback_users = none
cluster_partition_handling = ${how}
cluster_formation.peer_discovery_backend = classic_config
${names.map((name, at) => `cluster_formation.classic_config.nodes.${at + 1} = ${name}`).join("\n")}
disk_free_limit.absolute = 256MB
vm_memory_high_watermark.absolute = 1GB
END
exec rabbitmq-server
`;
