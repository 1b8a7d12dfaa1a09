import { isMissing } from "../../client/redis/group.ts";
import { type Login, type Reply, type Server, serverOf } from "../../client/redis/server.ts";
import { effectiveRights, passwordHashes } from "./redisRights.ts";
import { properties, type Thing } from "./thing.ts";

/** The settings that we make. */
const SETTINGS = ["maxmemory", "maxmemory-policy", "appendonly", "appendfsync"] as const;

/** SCAN is asked so often at most, for this many keys at a time: streams in a server of more keys may go unseen. */
const SCANS = 1_000;
const KEYS_A_SCAN = 1_000;

/** Everything of interest on one Redis server: our settings, ACL users, streams and their groups. `all` is false where there were more keys than were looked at. */
export async function redisInventory(instance: string, login: Login): Promise<{ things: Thing[]; all: boolean }> {
  const server = serverOf(login);
  const thing = thingOn(instance);
  try {
    const [setup, { streams, all }] = await Promise.all([setupOf(server, instance), streamsOf(server)]);
    const ofStreams = await Promise.all(
      streams.map(async (stream) => {
        const groups = await groupsOf(server, stream);
        // An empty stream without groups is nothing; Redis keeps it where its last group was deleted.
        if (groups.length === 0 && Number(await server.ask(["XLEN", stream])) === 0) return [];
        return [thing("stream", stream, {}), ...groups.map((group) => thing("group", `${stream}/${group}`, {}))];
      }),
    );
    return { things: [...setup, ...ofStreams.flat()], all };
  } finally {
    server.close();
  }
}

/** Its settings and ACL users alone: no key is looked for. */
export async function redisSetup(instance: string, login: Login): Promise<Thing[]> {
  const server = serverOf(login);
  try {
    return await setupOf(server, instance);
  } finally {
    server.close();
  }
}

const thingOn =
  (instance: string) =>
  (kind: string, name: string, values: Record<string, unknown>): Thing => ({
    broker: `redis/${instance}`,
    kind,
    name,
    properties: properties(values),
  });

async function setupOf(server: Server, instance: string): Promise<Thing[]> {
  const thing = thingOn(instance);
  const [settings, users] = await Promise.all([settingsOf(server), usersOf(server)]);
  return [thing("settings", "settings", settings), ...users.map(({ name, ...values }) => thing("user", name, values))];
}

/** Whether the server lets this user in; throws where it does not answer. */
export async function redisLogin(login: Login) {
  const server = serverOf(login);
  try {
    await server.send(["PING"]);
  } finally {
    server.close();
  }
}

const text = (reply: Reply): string => (Buffer.isBuffer(reply) ? reply.toString() : String(reply));

/** The reply with every text as text. */
const plain = (reply: Reply): unknown =>
  Array.isArray(reply) ? reply.map(plain) : Buffer.isBuffer(reply) ? reply.toString() : reply;

async function settingsOf(server: Server): Promise<Record<string, string>> {
  const values = (plain(await server.ask(["CONFIG", "GET", ...SETTINGS])) as string[]) ?? [];
  return Object.fromEntries(values.flatMap((value, at) => (at % 2 === 0 ? [[value, values[at + 1]!]] : [])));
}

async function usersOf(server: Server) {
  const names = plain(await server.ask(["ACL", "USERS"])) as string[];
  return Promise.all(
    names.map(async (name) => {
      const answer = plain(await server.ask(["ACL", "GETUSER", name])) as unknown[];
      return { name, rights: effectiveRights(answer), passwords: passwordHashes(answer).length };
    }),
  );
}

async function streamsOf(server: Server): Promise<{ streams: string[]; all: boolean }> {
  const streams = new Set<string>();
  let cursor = "0";
  for (let scans = 0; scans < SCANS; scans++) {
    const reply = (await server.ask(["SCAN", cursor, "COUNT", String(KEYS_A_SCAN), "TYPE", "stream"])) as Reply[];
    for (const key of reply[1] as Reply[]) streams.add(text(key));
    cursor = text(reply[0]!);
    if (cursor === "0") return { streams: [...streams], all: true };
  }
  return { streams: [...streams], all: false };
}

/** None where the stream was deleted since it was listed. */
async function groupsOf(server: Server, stream: string): Promise<string[]> {
  const reply = await server.ask(["XINFO", "GROUPS", stream]).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const groups = (plain(reply) as unknown[][]) ?? [];
  return groups.map((fields) => String(fields[fields.indexOf("name") + 1]));
}

/** The words of a user's rights that begin with a sign: `~` keys, `&` channels. */
export const patternsOf = (rights: string, sign: "~" | "&"): string[] =>
  rights
    .split(/\s+/)
    .map((word) => word.replace(/^\(|\)$/g, ""))
    .flatMap((word) => {
      const match = sign === "~" ? /^(?:%(?:R|W|RW))?~(.*)$/.exec(word) : /^&(.*)$/.exec(word);
      return match ? [match[1]!] : [];
    });
