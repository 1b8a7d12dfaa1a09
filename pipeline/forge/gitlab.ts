import { asking, type Entry, type Forge, LABEL } from "./forge.ts";

interface Item {
  id: number;
  iid?: number;
  title?: string;
  body?: string;
  description?: string | null;
}

/** GitLab, where GITLAB_TOKEN may use its API (a job's own token may write neither notes nor issues); by the variables that every job has. */
export function gitlab(env: NodeJS.ProcessEnv): Forge | undefined {
  const { CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, GITLAB_TOKEN } = env;
  if (!CI_API_V4_URL || !CI_PROJECT_ID || !GITLAB_TOKEN) return undefined;
  const ask = asking("GitLab", `${CI_API_V4_URL}/projects/${encodeURIComponent(CI_PROJECT_ID)}`, {
    "private-token": GITLAB_TOKEN,
  });
  const notes = `/merge_requests/${CI_MERGE_REQUEST_IID}/notes`;
  return {
    comments: CI_MERGE_REQUEST_IID
      ? {
          list: async (page) =>
            (await ask<Item[]>("GET", `${notes}?per_page=100&page=${page}`)).map(({ id, body }) => ({
              id,
              body: body ?? "",
            })),
          add: ({ body }) => ask("POST", notes, { body }),
          update: (id, { body }) => ask("PUT", `${notes}/${id}`, { body }),
        }
      : undefined,
    issues: {
      list: async (page) =>
        (await ask<Item[]>("GET", `/issues?state=opened&labels=${LABEL}&per_page=100&page=${page}`)).map(toIssue),
      add: ({ title, body }) => ask("POST", "/issues", { title, description: body, labels: LABEL }),
      update: (id, { title, body }) => ask("PUT", `/issues/${id}`, { title, description: body }),
      close: (id) => ask("PUT", `/issues/${id}`, { state_event: "close" }),
    },
  };
}

const toIssue = ({ id, iid, title, description }: Item): Entry => ({ id: iid ?? id, title, body: description ?? "" });
