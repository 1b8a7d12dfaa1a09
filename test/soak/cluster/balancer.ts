import { connect, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** A TCP load balancer in front of nodes: round robin, a check every second, as HAProxy would be. */
export interface Balancer {
  /** Where it listens on 127.0.0.1. */
  port: number;
  close(): Promise<void>;
}

interface Backend {
  host: string;
  port: number;
  up: boolean;
  failed: number;
  sessions: Set<Socket>;
}

const CHECK_MS = 1_000;

/**
 * Starts one in front of addresses such as `172.30.6.11:15672`. A node is out after two checks that fail, in again after one that works;
 * its sessions end when it is out.
 */
export async function startBalancer(addresses: readonly string[]): Promise<Balancer> {
  const backends = addresses.map((address): Backend => {
    const [host = "", port] = address.split(":");
    return { host, port: Number(port), up: true, failed: 0, sessions: new Set() };
  });
  let closed = false;
  let turn = 0;

  /** A connection that is open within two checks; undefined else. */
  const open = ({ host, port }: Backend): Promise<Socket | undefined> =>
    new Promise((resolve) => {
      const socket = connect(port, host);
      const late = setTimeout(() => socket.destroy(), 2 * CHECK_MS);
      socket.once("connect", () => {
        clearTimeout(late);
        resolve(socket);
      });
      socket.on("error", () => {});
      socket.once("close", () => {
        clearTimeout(late);
        resolve(undefined);
      });
    });

  async function watch(backend: Backend): Promise<void> {
    while (!closed) {
      const socket = await open(backend);
      socket?.destroy();
      backend.failed = socket ? 0 : backend.failed + 1;
      backend.up = backend.failed < 2;
      if (!backend.up) for (const session of backend.sessions) session.destroy();
      await wait(CHECK_MS, undefined, { ref: false });
    }
  }
  for (const backend of backends) void watch(backend);

  const clients = new Set<Socket>();
  const server = createServer(async (client) => {
    clients.add(client);
    client.on("error", () => {});
    client.once("close", () => clients.delete(client));
    const first = turn++;
    const up = backends.filter((backend) => backend.up);
    const order = up.length > 0 ? up : backends;
    for (const at of order.keys()) {
      const backend = order[(first + at) % order.length]!;
      const node = await open(backend);
      if (!node) continue;
      backend.sessions.add(node);
      node.once("close", () => {
        backend.sessions.delete(node);
        client.destroy();
      });
      client.once("close", () => node.destroy());
      if (client.destroyed) node.destroy();
      client.pipe(node).pipe(client);
      return;
    }
    client.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    async close() {
      closed = true;
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
