import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment, StateResource } from "./deployment.ts";
import type { Report } from "./progress.ts";
import { pulumi, stack } from "./pulumi.ts";

/** What `pulumi import --file` reads, of one resource. */
interface ImportFile {
  nameTable: Record<string, string>;
  resources: { type: string; name: string; id: string; parent: string; provider: string }[];
}

/**
 * Takes over the topics that an `up` made and was killed before it could note: alone of all that we make, a topic cannot be
 * made again while it exists. One that was not made yet is left for the next `up`.
 */
export async function adoptTopics(deployment: Deployment | undefined, report: Report): Promise<void> {
  for (const file of topicsToAdopt(deployment)) {
    const [{ name } = { name: "" }] = file.resources;
    await report.step(`Looking for the topic ${name}, which an interrupted start was making`, async (tell) => {
      const folder = mkdtempSync(join(tmpdir(), "messaging-"));
      try {
        const path = join(folder, "import.json");
        writeFileSync(path, JSON.stringify(file));
        const options = ["--yes", "--skip-preview", "--protect=false", "--generate-code=false", "--stack", stack];
        const { code } = await pulumi("import", "--file", path, ...options);
        tell(code === 0 ? "found" : "not made yet");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

/** Makes Pulumi forget what was under way when it was killed, once an `up` has brought all of it to its end. */
export async function forgetInterrupted(deployment: Deployment | undefined): Promise<void> {
  if ((deployment?.pending_operations ?? []).length === 0) return;
  const root = deployment?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  const target = root ? ["--target", root.urn] : []; // alone, as nothing else needs to be read again
  await pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates", ...target, "--stack", stack);
}

/** The topics whose making was interrupted, each as a file for `pulumi import`. */
export function topicsToAdopt(deployment: Deployment | undefined): ImportFile[] {
  const known = new Set((deployment?.resources ?? []).map(({ urn }) => urn));
  return (deployment?.pending_operations ?? [])
    .filter(({ type, resource }) => type === "creating" && resource.type === TOPIC && !known.has(resource.urn))
    .flatMap(({ resource }) => importOf(resource) ?? []);
}

const TOPIC = "kafka:index/topic:Topic";

function importOf({ urn, type, inputs, parent, provider }: StateResource): ImportFile | undefined {
  if (!parent || !provider) return undefined;
  return {
    // A reference to a provider is its URN and its id; the import wants the URN alone.
    nameTable: { parent, provider: provider.replace(/::[^:]*$/, "") },
    resources: [
      {
        type,
        name: urn.split("::").slice(3).join("::"),
        id: String(inputs?.name),
        parent: "parent",
        provider: "provider",
      },
    ],
  };
}
