import { type API, Connection, type SASLOptions } from "@platformatic/kafka";
import type { KafkaAccess } from "../access.ts";
import { ConnectionError } from "../message.ts";

/** What a connection needs of an access. */
export type Login = Pick<
  KafkaAccess,
  "bootstrapServers" | "securityProtocol" | "saslMechanism" | "username" | "password" | "ca"
>;

export interface Address {
  host: string;
  port: number;
}

/** A connection to one broker, made when it is first used and again after it broke. */
export interface Link {
  /** Sends one request. Throws what the library throws. */
  call<Arguments extends unknown[], Answer>(api: API<Arguments, Answer>, ...args: Arguments): Promise<Answer>;
  close(): Promise<void>;
}

export interface LinkOptions {
  clientId: string;
  /** Milliseconds until a request counts as unanswered. */
  requestTimeout: number;
}

const connectTimeout = 5_000;

/** Opens nothing yet. */
export function link(login: Login, { host, port }: Address, { clientId, requestTimeout }: LinkOptions): Link {
  let open: Promise<Connection> | undefined;
  let closed = false;

  async function connected(): Promise<Connection> {
    if (closed) throw new ConnectionError("the client is closed");
    const connection = new Connection(clientId, { connectTimeout, requestTimeout, ...security(login) });
    // It tells its callers too; without a listener an error would end the process.
    connection.on("error", forget);
    connection.on("close", forget);
    connection.on("timeout", forget);
    await connection.connect(host, port);
    return connection;
  }
  const forget = () => {
    open = undefined;
  };

  return {
    async call(api, ...args) {
      open ??= connected();
      const opening = open;
      try {
        return await api.async(await opening, ...args);
      } catch (error) {
        // An unanswered request leaves the library's connection out of step, and one that never opened is of no use.
        if (!(await isUsable(opening, error)) && open === opening) forget();
        throw error;
      }
    },
    async close() {
      closed = true;
      const last = await open?.catch(() => undefined);
      open = undefined;
      await last?.close();
    },
  };
}

async function isUsable(opening: Promise<Connection>, error: unknown): Promise<boolean> {
  const connection = await opening.catch(() => undefined);
  if (!connection) return false;
  if ((error as { name?: string; message?: string }).message !== "Request timed out") return connection.isConnected();
  await connection.close();
  return false;
}

function security({ securityProtocol, saslMechanism, username, password, ca }: Login) {
  const sasl: SASLOptions = { mechanism: saslMechanism, username, password };
  return securityProtocol === "SASL_SSL" ? { sasl, tls: ca ? { ca } : {}, tlsServerName: true } : { sasl };
}

/** `host:port` in parts; an IPv6 host may stand in brackets. */
export function addressOf(server: string): Address {
  const at = server.lastIndexOf(":");
  return { host: server.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(server.slice(at + 1)) };
}

/** The same in one, as `addressOf` takes it; an IPv6 host in brackets. */
export const serverOf = ({ host, port }: Address): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;
