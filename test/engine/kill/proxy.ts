import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What a proxy does with what passes through it. */
export type Mode = "pass" | "hang" | "reset" | "500";

/** Stops the first request that matches, after `skip` others, or the reply to it. */
export interface Trap {
  matches(bytes: Buffer): boolean;
  skip: number;
  side: "request" | "reply";
}

/** Stands between a provider and its broker. */
export interface Tap {
  readonly port: number;
  mode: Mode;
  /** Sets a trap; it is over when something is held, which from then on never arrives. */
  hold(trap: Trap): Promise<void>;
  /** Refuses connections from now on, or takes them again. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Takes the trap away and closes every connection. */
  release(): void;
  close(): Promise<void>;
}

/** A proxy to a port of this machine. In what the broker says of its own address its port becomes the proxy's, as Kafka's clients go there. */
export async function proxyTo(target: number): Promise<Tap> {
  const sockets = new Set<Socket>();
  let trap: (Trap & { held(): void }) | undefined;
  const server = createServer((client) => taken(client));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const proxy: Tap = {
    port,
    mode: "pass",
    hold: ({ matches, skip, side }) =>
      new Promise((held) => {
        trap = { matches, skip, side, held };
      }),
    release() {
      trap = undefined;
      for (const socket of sockets) socket.destroy();
    },
    refuse: () => closed(server, sockets),
    async accept() {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    close: () => closed(server, sockets),
  };

  function caught(bytes: Buffer): typeof trap {
    if (!trap?.matches(bytes)) return undefined;
    if (trap.skip-- > 0) return undefined;
    const found = trap;
    trap = undefined;
    return found;
  }

  function taken(client: Socket): void {
    track(client);
    if (proxy.mode === "hang") return;
    if (proxy.mode === "reset") return void client.once("data", () => client.resetAndDestroy());
    if (proxy.mode === "500") return void client.on("data", () => client.write(ERROR_500));
    const broker = connect(target, "127.0.0.1");
    track(broker);
    let holding = false;
    let afterReply: (() => void) | undefined;
    const silent = () => proxy.mode === "hang";
    client.on("data", (bytes) => {
      if (silent()) return;
      const found = holding ? undefined : caught(bytes);
      if (found?.side === "request") {
        holding = true;
        found.held();
      } else if (found) {
        afterReply = found.held;
      }
      if (!holding) broker.write(bytes);
    });
    broker.on("data", (bytes) => {
      if (silent()) return;
      if (afterReply) {
        holding = true;
        afterReply();
        afterReply = undefined;
      }
      if (!holding) client.write(readdressed(bytes, target, port));
    });
    client.on("close", () => broker.destroy());
    broker.on("close", () => client.destroy());
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  }

  return proxy;
}

const ERROR_500 = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops";

async function closed(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}

/** Kafka writes a broker's port as four bytes after its host. */
function readdressed(bytes: Buffer, from: number, to: number): Buffer {
  const host = Buffer.from("127.0.0.1");
  const own = Buffer.alloc(4);
  own.writeInt32BE(from);
  const wanted = Buffer.concat([host, own]);
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    bytes.writeInt32BE(to, at + host.length);
  }
  return bytes;
}
