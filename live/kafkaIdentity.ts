import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type * as library from "@platformatic/kafka";
import { answers, ConnectionError, RefusedError } from "../client/message.ts";
import { within } from "../client/within.ts";
import { UnfitError, unfitKafka } from "./fit.ts";

/** What a connection needs to know. */
export interface KafkaLogin {
  bootstrapServers: string[];
  securityProtocol: "SASL_SSL" | "SASL_PLAINTEXT";
  saslMechanism: library.SASLMechanismValue;
  username: string;
  password: string;
  /** The authority that signed the brokers' certificates, PEM. Default: those that this machine knows. */
  ca?: string;
}

const PATIENCE_MS = 5_000;

/** A look at which cluster it is and at nothing else: what looks at messages takes twice as long to load. */
export const kafkaIdentity = (login: KafkaLogin) => ({
  async identity(): Promise<string> {
    let last: unknown;
    for (const server of login.bootstrapServers) {
      try {
        return await clusterIdAt(server, login);
      } catch (error) {
        if (error instanceof RefusedError) throw error;
        last = error;
      }
    }
    throw last;
  },
  close: async () => {},
});

/**
 * Those of several bootstrap servers that answer within 5 s, be it a refusal; all where none does. For Pulumi's provider: it begins with
 * any of them, waits for one that is frozen three times as long as its `timeout` (in all 6 minutes), and then asks no other.
 */
export async function answeringServers(
  login: KafkaLogin,
  ask: (server: string, login: KafkaLogin) => Promise<string> = clusterIdAt,
  patience = PATIENCE_MS,
): Promise<string[]> {
  const { bootstrapServers: all } = login;
  if (all.length < 2) return all;
  const late = () => new ConnectionError("no answer");
  const found = await Promise.all(all.map((server) => answers(within(patience, ask(server, login), late))));
  const answering = all.filter((_, index) => found[index]);
  return answering.length > 0 ? answering : all;
}

/** The parts of the library that are needed: all of it takes half a second to load, and every preview would wait for that. */
export async function loadConnection(): Promise<Pick<typeof library, "Connection" | "metadataV10" | "apiVersionsV3">> {
  const root = pathToFileURL(createRequire(import.meta.url).resolve("@platformatic/kafka"));
  const part = (file: string) => import(new URL(file, root).href);
  const [connection, metadata, versions] = await Promise.all(
    ["network/connection.js", "apis/metadata/metadata-v10.js", "apis/metadata/api-versions-v3.js"].map(part),
  );
  return { Connection: connection.Connection, metadataV10: metadata, apiVersionsV3: versions };
}

async function clusterIdAt(server: string, { securityProtocol, saslMechanism, ca, ...login }: KafkaLogin) {
  const { username, password } = login;
  const at = server.lastIndexOf(":");
  const tls = securityProtocol === "SASL_SSL" ? { tls: ca ? { ca } : {}, tlsServerName: true } : {};
  const { Connection, metadataV10, apiVersionsV3 } = await loadConnection();
  const connection = new Connection("messaging-look", {
    connectTimeout: PATIENCE_MS,
    requestTimeout: PATIENCE_MS,
    sasl: { mechanism: saslMechanism, username, password },
    ...tls,
  });
  // It tells its callers too; without a listener an error would end the process.
  connection.on("error", () => {});
  try {
    await connection.connect(server.slice(0, at).replace(/^\[|\]$/g, ""), Number(server.slice(at + 1)));
    const { apiKeys } = await apiVersionsV3.api.async(connection, "messaging", "1");
    const why = unfitKafka(apiKeys);
    if (why) throw new UnfitError(`must ${why}`);
    const { clusterId } = await metadataV10.api.async(connection, [], false, false);
    if (clusterId) return clusterId;
    throw new RefusedError("the broker does not tell the cluster's id");
  } catch (error) {
    throw error instanceof RefusedError ? error : toldOf(error, username);
  } finally {
    connection.close().catch(() => {});
  }
}

function toldOf(error: unknown, username: string): Error {
  const codes = chain(error).map(({ code }) => code);
  const reason = chain(error).at(-1)!.message;
  if (codes.includes("PLT_KFK_AUTHENTICATION")) return new RefusedError(`the broker refuses ${username}: ${reason}`);
  return new ConnectionError(reason, { cause: error });
}

/** An error, and what caused it, in turn. */
function chain(error: unknown): (Error & { code?: string })[] {
  if (!(error instanceof Error)) return [];
  const inner = error.cause ?? (error as Partial<AggregateError>).errors?.at(-1);
  return [error, ...chain(inner)];
}
