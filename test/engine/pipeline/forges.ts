import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What people would read on GitHub or GitLab. */
export interface Item {
  id: number;
  iid: number;
  number: number;
  title?: string;
  body?: string;
  description?: string;
  state: string;
}

/** A server that stands for the REST APIs of GitHub and GitLab: it keeps what is written, by the path of its list. */
export interface Forges {
  url: string;
  items(path: string): Item[];
  /** What was asked, as `POST /repos/...`. */
  asked: string[];
  close(): Promise<void>;
}

export const TOKEN = "token-of-the-tests";

/** Starts it on a free port of 127.0.0.1. It refuses who has not the token. */
export async function startForges(): Promise<Forges> {
  const lists = new Map<string, Item[]>();
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://127.0.0.1");
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    asked.push(`${request.method} ${pathname}`);
    const { authorization, "private-token": privateToken } = request.headers;
    if (authorization !== `Bearer ${TOKEN}` && privateToken !== TOKEN) return answer(401, {});
    if (request.method === "GET") {
      const [page, size] = [Number(searchParams.get("page")), Number(searchParams.get("per_page"))];
      const open = (lists.get(pathname) ?? []).filter(({ state }) => !searchParams.has("state") || state === "open");
      return answer(200, open.slice((page - 1) * size, page * size));
    }
    const body = await read(request);
    if (request.method === "POST") {
      const list = lists.get(pathname) ?? [];
      lists.set(pathname, list);
      const id = list.length + 1;
      list.push({ id, iid: id, number: id, state: "open", ...body });
      return answer(201, list.at(-1));
    }
    const id = Number(pathname.split("/").at(-1));
    const folder = pathname.slice(0, pathname.lastIndexOf("/"));
    // GitHub's comments are listed by pull request, and changed without one.
    const anyComment = (path: string) => folder.endsWith("/issues/comments") && path.endsWith("/comments");
    const [, list] = [...lists].find(([path]) => path === folder || anyComment(path)) ?? [];
    const item = list?.find((each) => each.id === id);
    if (!item) return answer(404, {});
    if (body.state_event === "close") body.state = "closed";
    return answer(200, Object.assign(item, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    items: (path) => lists.get(path) ?? [],
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function read(request: IncomingMessage): Promise<Partial<Item> & { state_event?: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
