import { ConnectionError, RefusedError } from "../message.ts";
import type { RabbitmqOperator } from "../operator.ts";
import { trusting } from "./trusting.ts";

/** The management API, which every method only reads. Each throws a ConnectionError where it does not answer, and a RefusedError where it says no. */
export interface RabbitmqApi {
  get<T>(...path: Part[]): Promise<T>;
  /** Undefined where there is no such thing. */
  find<T>(...path: Part[]): Promise<T | undefined>;
  /** Undefined where the vhost is not there. */
  list<T>(...path: Part[]): Promise<T[] | undefined>;
}

/** A name in a path, or, as the last part, its query. */
type Part = string | URLSearchParams;

const PATIENCE_MS = 10_000;

/** The management API of a broker, as its administrator. Every part of a path is a name. */
export function rabbitmqApi({
  managementUrl,
  username,
  password,
  ca,
}: Pick<RabbitmqOperator, "managementUrl" | "username" | "password" | "ca">): RabbitmqApi {
  const request = ca === undefined ? fetch : trusting(ca);
  const place = `rabbitmq management at ${managementUrl}`;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  async function find<T>(...path: Part[]): Promise<T | undefined> {
    const names = path.filter((part) => typeof part === "string").map(encodeURIComponent);
    const query = path.find((part) => typeof part !== "string");
    const address = `${managementUrl}/api/${names.join("/")}${query ? `?${query}` : ""}`;
    const answer = await request(address, {
      headers: { authorization },
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error: Error) => {
      throw away(`${place}: the broker does not answer: ${reasonOf(error)}`, error);
    });
    if (answer.status === 404) return void (await answer.body?.cancel());
    if (answer.status >= 500) throw away(`${place}: the broker answers ${answer.status}`);
    if (!answer.ok) throw new RefusedError(`${place}: the broker refuses ${username}: ${answer.status}`);
    return (await answer.json().catch((error: Error) => {
      throw away(`${place}: the broker answers with something else than JSON`, error);
    })) as T;
  }

  return {
    find,
    list: find,
    async get<T>(...path: Part[]) {
      const found = await find<T>(...path);
      if (found === undefined) throw new RefusedError(`${place}: the broker has no ${path.join("/")}`);
      return found;
    },
  };
}

const away = (sentence: string, cause?: Error): ConnectionError => new ConnectionError(sentence, { cause });

/** What fetch says is in its cause. */
function reasonOf(error: Error): string {
  if (error.name === "TimeoutError") return `no answer within ${PATIENCE_MS / 1000} s`;
  const { cause } = error;
  return cause instanceof Error ? (cause as { code?: string }).code || cause.message : error.message;
}
