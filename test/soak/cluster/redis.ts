import { PASSWORD } from "../../engine/clusters.ts";
import { type Network, type Nodes, nodesOf, until } from "./nodes.ts";

/** What the Sentinels call the primary. */
export const REDIS_PRIMARY_NAME = "messaging";

/** A primary (node 1 at first) and a replica of Redis with the administrator `default`, whose password is `PASSWORD`, and the Sentinels that watch them. */
export interface RedisPair extends Nodes {
  /** Three Sentinels on port 26379, with the same password; none where they were not asked for. */
  sentinels: Nodes;
  /** What a node answers to a command, as `redis-cli` prints it. */
  cli(node: number, ...command: string[]): Promise<string>;
  /** `master` or `slave`, as a node says. */
  role(node: number): Promise<string>;
  /** Makes a replica the primary, as an operator does by hand; the former primary is told nothing. */
  promote(node: number): Promise<void>;
  /** Waits until one node is the primary and the other has all that it has. */
  ready(): Promise<void>;
}

/** Makes the pair; with `sentinels`, three Sentinels take the replica for the primary 3 s after the primary fell silent. */
export async function makeRedisPair(network: Network, { sentinels = false } = {}): Promise<RedisPair> {
  const nodes = nodesOf(network, "redis", 31, 2);
  const watching = nodesOf(network, "sentinel", 41, sentinels ? 3 : 0);
  const image = "messaging.local/redis:8.0.2";
  const cli = async (node: number, ...command: string[]) => {
    const told = ["redis-cli", "--no-auth-warning", "-a", PASSWORD];
    const { code, stdout, output } = await nodes.inside(node, ...told, ...command);
    if (code !== 0) throw new Error(output);
    return stdout;
  };
  const role = async (node: number) => (await cli(node, "ROLE")).split("\n")[0]!;

  const pair: RedisPair = {
    ...nodes,
    sentinels: watching,
    cli,
    role,
    promote: async (node) => void (await cli(node, "REPLICAOF", "NO", "ONE")),
    async ready() {
      await until("a primary of Redis and its replica", async () => {
        const roles = [await role(1), await role(2)];
        const replica = roles.indexOf("slave") + 1;
        if (replica === 0 || !roles.includes("master")) return false;
        return (await cli(replica, "INFO", "replication")).includes("master_link_status:up");
      });
      if (!sentinels) return;
      await until("Sentinels that know each other", async () => {
        const told = ["redis-cli", "--no-auth-warning", "-a", PASSWORD, "-p", "26379"];
        const { stdout } = await watching.inside(1, ...told, "SENTINEL", "CKQUORUM", REDIS_PRIMARY_NAME);
        return stdout.startsWith("OK 3 ");
      });
    },
  };

  for (const node of [1, 2]) {
    await nodes.make(node, image, ["--user", "redis"], server(node === 2 ? nodes.address(1) : undefined));
  }
  if (sentinels)
    for (const node of [1, 2, 3])
      await watching.make(node, image, ["--user", "redis"], sentinel(nodes.address(1), watching.address(node)));
  await pair.ready();
  return pair;
}

/** A server keeps what it was told by Sentinel in its own configuration, so that is written once. */
const server = (primary?: string): string => `
cd /tmp
[ -f users.acl ] || echo 'user default on >${PASSWORD} ~* &* +@all' > users.acl
[ -f redis.conf ] || cat > redis.conf <<'END'
aclfile /tmp/users.acl
appendonly yes
protected-mode no
enable-debug-command yes
masteruser default
masterauth ${PASSWORD}
${primary ? `replicaof ${primary} 6379` : ""}
END
exec redis-server /tmp/redis.conf
`;

const sentinel = (primary: string, own: string): string => `
cd /tmp
[ -f sentinel.conf ] || cat > sentinel.conf <<'END'
port 26379
requirepass ${PASSWORD}
sentinel announce-ip ${own}
sentinel monitor ${REDIS_PRIMARY_NAME} ${primary} 6379 2
sentinel auth-user ${REDIS_PRIMARY_NAME} default
sentinel auth-pass ${REDIS_PRIMARY_NAME} ${PASSWORD}
sentinel down-after-milliseconds ${REDIS_PRIMARY_NAME} 3000
sentinel failover-timeout ${REDIS_PRIMARY_NAME} 10000
END
exec redis-server /tmp/sentinel.conf --sentinel
`;
