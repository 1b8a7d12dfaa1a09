import { readFileSync } from "node:fs";
import { asking, type Collection, type Entry, type Forge, LABEL } from "./forge.ts";

interface Item {
  id: number;
  number?: number;
  title?: string;
  body?: string | null;
  pull_request?: object;
}

/** GitHub, where its job has a token; by the variables that every job of GitHub Actions has. */
export function github(env: NodeJS.ProcessEnv): Forge | undefined {
  const { GITHUB_REPOSITORY, GITHUB_TOKEN, GITHUB_API_URL = "https://api.github.com" } = env;
  if (!GITHUB_REPOSITORY || !GITHUB_TOKEN) return undefined;
  const ask = asking("GitHub", `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}`, {
    authorization: `Bearer ${GITHUB_TOKEN}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  });
  const request = pullRequestOf(env);
  const comments: Collection | undefined =
    request === undefined
      ? undefined
      : {
          list: async (page) =>
            (await ask<Item[]>("GET", `/issues/${request}/comments?per_page=100&page=${page}`)).map(toEntry),
          add: ({ body }) => ask("POST", `/issues/${request}/comments`, { body }),
          update: (id, { body }) => ask("PATCH", `/issues/comments/${id}`, { body }),
        };
  return {
    comments,
    issues: {
      list: async (page) =>
        (await ask<Item[]>("GET", `/issues?state=open&labels=${LABEL}&per_page=100&page=${page}`)).map((item) => ({
          ...toEntry(item),
          id: item.number ?? item.id,
        })),
      add: (text) => ask("POST", "/issues", { ...text, labels: [LABEL] }),
      update: (id, text) => ask("PATCH", `/issues/${id}`, text),
      close: (id) => ask("PATCH", `/issues/${id}`, { state: "closed" }),
    },
  };
}

const toEntry = ({ id, title, body }: Item): Entry => ({ id, title, body: body ?? "" });

/** The number of the pull request that the event of the job is about. */
function pullRequestOf({ GITHUB_EVENT_PATH }: NodeJS.ProcessEnv): number | undefined {
  if (!GITHUB_EVENT_PATH) return undefined;
  const { pull_request } = JSON.parse(readFileSync(GITHUB_EVENT_PATH, "utf8")) as { pull_request?: { number: number } };
  return pull_request?.number;
}
