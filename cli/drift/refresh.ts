import { ConnectionError } from "../../client/message.ts";
import { projectOf } from "../../live/stateFile.ts";
import { projectFolder, pulumiSaid, unreadableQueue } from "../pulumi.ts";
import { type Exported, withScratch } from "../scratch.ts";
import type { Change, Finding } from "./finding.ts";
import { logicalName, readable } from "./state.ts";

/** What `pulumi refresh --preview-only --json` says of one resource. */
export interface RefreshStep {
  op: string;
  urn: string;
  oldState?: { outputs?: Record<string, unknown> };
  newState?: { outputs?: Record<string, unknown> };
  detailedDiff?: Record<string, unknown> | null;
}

/** What the providers find changed, asked on a copy of the state. */
export async function refreshFindings(stack: string, state: Exported): Promise<Finding[]> {
  const project = projectOf(projectFolder);
  const { code, stdout, stderr } = await withScratch({ stack, project, state }, (scratch) =>
    scratch.run(["refresh", "--preview-only", "--json"]),
  );
  if (code !== 0)
    throw new ConnectionError(`environment ${stack}: the providers cannot look at it: ${failureIn(stdout, stderr)}`);
  return (JSON.parse(stdout) as { steps: RefreshStep[] }).steps.flatMap(toFinding);
}

/** Why a run of Pulumi with --json failed, in its first words of it. */
export function failureIn(stdout: string, stderr: string): string {
  const unreadable = unreadableQueue(stdout);
  if (unreadable) return unreadable;
  try {
    const { diagnostics = [] } = JSON.parse(stdout) as { diagnostics?: { message: string; severity: string }[] };
    const [first] = diagnostics.filter(({ severity }) => severity === "error");
    if (first) return first.message.split("\n")[0]!.replace(/<\{%[^%]*%\}>/g, "");
  } catch {
    // Then what it said in words must do.
  }
  return pulumiSaid(stderr);
}

/** It makes nothing on a broker: what it says of another cluster is an error, and its connection has logins. */
const CLUSTER = "messaging-extras:index:Cluster::";

/** The finding of one step; none where nothing changed. */
export function toFinding({ op, urn, oldState, newState, detailedDiff }: RefreshStep): Finding[] {
  if ((op !== "update" && op !== "delete") || urn.includes(CLUSTER)) return [];
  const [, kind = "resource"] = /:(\w+)$/.exec(urn.split("::")[2]!) ?? [];
  const broker = urn.split("::")[2]!.split("$").pop()!.split(":")[0]!;
  const common = { broker, kind: words(kind), name: logicalName(urn), urn };
  if (op === "delete") return [{ ...common, status: "missing", changes: [] }];
  const changes = Object.keys(detailedDiff ?? {}).map((property): Change => {
    const at = (outputs = {}) => shownValue(valueAt(outputs, property));
    return { property, expected: at(oldState?.outputs), found: at(newState?.outputs) };
  });
  return changes.length > 0 ? [{ ...common, status: "changed", changes }] : [];
}

/** `QueuePolicy` as words: `queue policy`. */
const words = (kind: string): string => kind.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

/** A property as Pulumi writes its path: `config["retention.ms"]`, `ports[0].external`. */
function valueAt(outputs: Record<string, unknown>, path: string): unknown {
  const keys = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, at, plain]) =>
    quoted === undefined ? (at ?? plain!) : JSON.parse(`"${quoted}"`),
  );
  let value: unknown = outputs;
  for (const key of keys) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function shownValue(value: unknown): string {
  const plain = readable(value);
  if (plain === undefined || plain === null) return "";
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}

/** Adds what the providers found to what the inventory did: each resource is named once, by whoever says more of it. */
export function merged(inventory: readonly Finding[], providers: readonly Finding[]): Finding[] {
  const said = new Set(inventory.filter(({ status }) => status !== "managed").map(({ urn }) => urn));
  const news = providers.filter(({ urn }) => !said.has(urn));
  const renewed = new Map(news.map((finding) => [finding.urn, finding]));
  const known = new Set(inventory.map(({ urn }) => urn));
  return [
    ...inventory.map((finding) => {
      const provider = finding.urn === undefined ? undefined : renewed.get(finding.urn);
      return provider ? { ...finding, status: provider.status, changes: provider.changes } : finding;
    }),
    ...news.filter(({ urn }) => !known.has(urn)),
  ];
}
