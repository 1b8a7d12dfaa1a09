/** What people read on GitHub or GitLab: a comment, or an issue with its title. */
export interface Text {
  title?: string;
  body: string;
}

/** One of them that exists. */
export interface Entry extends Text {
  id: number;
}

/** The comments of one pull request, or the open issues about drift. Throws where the server does not answer as it should. */
export interface Collection {
  /** A page of 100, from 1. */
  list(page: number): Promise<Entry[]>;
  add(text: Text): Promise<unknown>;
  update(id: number, text: Text): Promise<unknown>;
  /** Of issues only. */
  close?(id: number): Promise<unknown>;
}

/** Where the pipeline runs, as far as it may write there. */
export interface Forge {
  /** Undefined where the job is not about a pull or merge request. */
  comments?: Collection;
  issues: Collection;
}

/** The label of the issues about drift. */
export const LABEL = "messaging-drift";

/** How long the server may take for one answer, in milliseconds. */
const PATIENCE_MS = 30_000;

/** How often a request that changes nothing twice is made, and how long it waits before the second, in milliseconds. */
const TRIES = 3;
const FIRST_WAIT_MS = 1_000;

/** Asks a REST API for JSON. Throws an error of one sentence, without the token. */
export type Ask = <T>(method: "GET" | "POST" | "PATCH" | "PUT", path: string, body?: object) => Promise<T>;

/** Asks the API at an address with these headers. What could be done twice (POST) is tried once. */
export function asking(server: string, base: string, headers: Record<string, string>): Ask {
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    for (let tries = 1; ; tries++) {
      const response = await once(method, `${base}${path}`, headers, body);
      if (response instanceof Response && response.ok) return (await response.json()) as T;
      const got = response instanceof Response ? `${response.status}` : response.message;
      const again = method !== "POST" && tries < TRIES && !(response instanceof Response && response.status < 500);
      if (!again) throw new Error(`${server}: must answer ${method} ${path.split("?")[0]} with success, got ${got}`);
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** (tries - 1)));
    }
  };
}

async function once(
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Response | Error> {
  try {
    return await fetch(url, {
      method,
      headers: { ...headers, "content-type": "application/json", "user-agent": "messaging-pipeline" },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return new Error(cause?.code ?? message);
  }
}
