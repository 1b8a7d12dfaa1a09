import { answers, ConnectionError, RefusedError } from "../message.ts";
import type { RabbitmqOperator } from "../operator.ts";
import { trusting } from "./trusting.ts";

/** How the management API of a cluster is reached. */
export type ManagementLogin = Pick<
  RabbitmqOperator,
  "managementUrl" | "managementUrls" | "username" | "password" | "ca"
>;

/** The management API, which every method but `put` only reads. Each throws a ConnectionError where it does not answer, and a RefusedError where it says no. */
export interface RabbitmqApi {
  get<T>(...path: Part[]): Promise<T>;
  /** Undefined where there is no such thing. */
  find<T>(...path: Part[]): Promise<T | undefined>;
  /** Undefined where the vhost is not there. */
  list<T>(...path: Part[]): Promise<T[] | undefined>;
  /** Creates what the path and the body name, or replaces its settings. */
  put(body: object, ...path: string[]): Promise<void>;
}

/** A name in a path, or, as the last part, its query. */
type Part = string | URLSearchParams;

const PATIENCE_MS = 10_000;
/** For so long nobody asks again where a question has just run into that limit: many in a row would wait for it each. */
const SILENT_MS = 3_000;

/** Where a node hangs: until when that counts, and the error that says so. */
const silent = new Map<string, { until: number; error: ConnectionError }>();
/** What the broker refuses it repeats; a pattern may be long. */
const LONGEST_REASON = 200;
/** How long each of several nodes may take to show that it answers, in milliseconds. */
const SIGN_OF_LIFE_MS = 2_000;

/**
 * The management API of a broker, as its administrator. Every part of a path is a name. Of several nodes the first that answers is
 * asked; one that stops answering is left for the next.
 */
export function rabbitmqApi(login: ManagementLogin): RabbitmqApi {
  const { managementUrls = [login.managementUrl] } = login;
  const apis = managementUrls.map((managementUrl) => apiAt({ ...login, managementUrl }));
  if (apis.length === 1) return apis[0]!;

  let chosen: Promise<RabbitmqApi> | undefined;
  const choose = async () => apis[Math.max(0, managementUrls.indexOf(await answeringUrl(login)))]!;
  async function asking<T>(ask: (api: RabbitmqApi) => Promise<T>): Promise<T> {
    const used = chosen ?? choose();
    chosen = used;
    try {
      return await ask(await used);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (chosen === used) chosen = choose();
      const [before, next] = await Promise.all([used, chosen]);
      if (next === before) throw error;
      return ask(next);
    }
  }
  return {
    get: (...path) => asking((api) => api.get(...path)),
    find: (...path) => asking((api) => api.find(...path)),
    list: (...path) => asking((api) => api.list(...path)),
    put: (...put) => asking((api) => api.put(...put)),
  };
}

/** Of several nodes, the management URL of the first that answers within 2 s, be it a refusal; the first of all where none does. */
export async function answeringUrl(login: ManagementLogin): Promise<string> {
  const { managementUrl, managementUrls = [managementUrl] } = login;
  if (managementUrls.length < 2) return managementUrl;
  const asked = managementUrls.map((url) =>
    answers(apiAt({ ...login, managementUrl: url }, SIGN_OF_LIFE_MS).find("cluster-name")),
  );
  for (const [at, answer] of asked.entries()) if (await answer) return managementUrls[at]!;
  return managementUrl;
}

function apiAt({ managementUrl, username, password, ca }: ManagementLogin, patience = PATIENCE_MS): RabbitmqApi {
  // An authority may be that of AMQP alone, beside a management API without TLS.
  const request = ca === undefined || managementUrl.startsWith("http:") ? fetch : trusting(ca);
  const place = `rabbitmq management at ${managementUrl}`;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  async function ask(path: Part[], body?: object): Promise<Response> {
    const names = path.filter((part) => typeof part === "string").map(encodeURIComponent);
    const query = path.find((part) => typeof part !== "string");
    const address = `${managementUrl}/api/${names.join("/")}${query ? `?${query}` : ""}`;
    const last = silent.get(managementUrl);
    if (last && Date.now() < last.until) throw last.error;
    const answer = await request(address, {
      ...(body && { method: "PUT", body: JSON.stringify(body) }),
      headers: { authorization, ...(body && { "content-type": "application/json" }) },
      signal: AbortSignal.timeout(patience),
    }).catch((error: Error) => {
      const failure = away(`${place}: the broker does not answer: ${reasonOf(error, patience)}`, error);
      if (error.name === "TimeoutError") silent.set(managementUrl, { until: Date.now() + SILENT_MS, error: failure });
      throw failure;
    });
    if (answer.status >= 500) throw away(`${place}: the broker answers ${answer.status}`);
    return answer;
  }

  async function find<T>(...path: Part[]): Promise<T | undefined> {
    const answer = await ask(path);
    if (answer.status === 404) return void (await answer.body?.cancel());
    if (!answer.ok) throw new RefusedError(`${place}: the broker refuses ${username}: ${answer.status}`);
    return (await answer.json().catch((error: Error) => {
      throw away(`${place}: the broker answers with something else than JSON`, error);
    })) as T;
  }

  return {
    find,
    list: find,
    async put(body, ...path) {
      const answer = await ask(path, body);
      if (answer.ok) return void (await answer.body?.cancel());
      const said = (await answer.text().catch(() => "")).slice(0, LONGEST_REASON);
      throw new RefusedError(`${place}: the broker refuses to set ${path.join("/")}: ${answer.status} ${said}`);
    },
    async get<T>(...path: Part[]) {
      const found = await find<T>(...path);
      if (found === undefined) throw new RefusedError(`${place}: the broker has no ${path.join("/")}`);
      return found;
    },
  };
}

const away = (sentence: string, cause?: Error): ConnectionError => new ConnectionError(sentence, { cause });

/** What fetch says is in its cause. */
function reasonOf(error: Error, patience: number): string {
  if (error.name === "TimeoutError") return `no answer within ${patience / 1000} s`;
  const { cause } = error;
  return cause instanceof Error ? (cause as { code?: string }).code || cause.message : error.message;
}
