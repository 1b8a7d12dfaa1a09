import type { Kind, State } from "../kind.ts";
import type { Properties } from "../wire.ts";
import { effectiveRights, passwordHashes } from "./aclText.ts";
import { type RedisSession, Refusal, type Send } from "./session.ts";

const NAME = /^[A-Za-z0-9_.-]{1,66}$/;
const FORBIDDEN = /^([#><!].*|on|off|nopass|resetpass|reset)$/;

/**
 * `messaging-extras:redis:User`: an ACL user of exactly these rules and one password. The server keeps the password's SHA-256 alone.
 * The state keeps, as `effective`, how the server itself spelled the rights, for it says them in other words than it was told.
 */
export const user: Kind = {
  inputs: {
    name: (value) =>
      typeof value === "string" && NAME.test(value) && value !== "default"
        ? undefined
        : "be 1 to 66 letters, digits, _, . or -, and not default",
    rules: (value) =>
      Array.isArray(value) && value.every(isRule)
        ? undefined
        : "be a list of ACL rules without a password, without on, off or reset, and without a name that ends in )",
    passwordHash: (value) =>
      typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? undefined : "be a SHA-256 as 64 hexadecimal digits",
  },
  identity: ["name"],
  secretOutputs: [],
  create: (inputs, redis) => set(inputs, redis),
  update: (_id, inputs, redis) => set(inputs, redis),

  read: (id, state, redis) =>
    redis.run(`user ${id}`, async (send) => {
      const found = await getUser(send, id);
      if (found === undefined) return undefined;
      const effective = effectiveRights(found);
      const asLeft = effective === state.effective;
      const hashes = passwordHashes(found);
      const inputs = {
        name: id,
        rules: asLeft ? state.rules : [effective],
        passwordHash: hashes.length === 1 ? hashes[0] : hashes.join(),
      };
      return { id, inputs, outputs: { effective } };
    }),

  delete: (id, _state, redis) =>
    redis.run(`user ${id}`, async (send) => {
      await send("ACL", "DELUSER", id);
      await save(send);
    }),
};

// The server writes its users as text and reads a selector up to the first word that ends in ")": a key of that ending
// would keep it from starting again.
function isRule(rule: unknown): boolean {
  if (typeof rule !== "string" || FORBIDDEN.test(rule) || /[\r\n\0]/.test(rule)) return false;
  const inner = rule.startsWith("(") && rule.endsWith(")") ? rule.slice(1, -1) : rule;
  return inner.split(" ").every((word) => word !== "" && !word.startsWith("(") && !word.endsWith(")"));
}

function set(inputs: Properties, redis: RedisSession): Promise<State> {
  const name = String(inputs.name);
  return redis.run(`user ${name}`, async (send) => {
    // SETUSER only adds, so without reset a right once given would stay.
    await send("ACL", "SETUSER", name, "reset", ...(inputs.rules as string[]), `#${inputs.passwordHash}`, "on");
    await save(send);
    return { id: name, inputs, outputs: { effective: effectiveRights((await getUser(send, name))!) } };
  });
}

async function getUser(send: Send, name: string): Promise<unknown[] | undefined> {
  return ((await send("ACL", "GETUSER", name)) as unknown[] | null) ?? undefined;
}

// Without an ACL file the users live in the server's configuration file; without either a restart would lose them.
async function save(send: Send): Promise<void> {
  try {
    await send("ACL", "SAVE");
  } catch (error) {
    if (!(error instanceof Refusal) || !error.message.includes("not configured to use an ACL file")) throw error;
    await send("CONFIG", "REWRITE");
  }
}
