import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Thing } from "../../live/inventory/index.ts";
import { readPlan } from "../../toolchain/plan.ts";
import type { Change } from "../drift/finding.ts";
import { logicalName, type StateResource } from "../drift/state.ts";
import { EnvironmentError } from "../outputs.ts";
import { pulumiSaid, runPulumi } from "../pulumi.ts";
import { type Document, without } from "./document.ts";
import { type ImportEntry, type ImportFile, importFileOf, isImportable, plannedOf } from "./importFile.ts";
import type { LeftOut } from "./leftOut.ts";
import { matchOf, ownerOf } from "./match.ts";

/** A skill that takes over what is there and changes none of it, and the file by which Pulumi takes it over. */
export interface Plan {
  document: Document;
  importFile: ImportFile;
  /** What the next `up` makes beside what is there, by type of resource. */
  creates: Record<string, number>;
  leftOut: LeftOut[];
}

interface Planned {
  steps: { op: string; newState?: StateResource }[];
  file: ImportFile;
}

/** As often as leaving something out may bring something else to light. */
const ROUNDS = 5;

/** Looks, by a preview that changes nothing, at what the program would make of the skill, and leaves out what would change a thing that is there. */
export async function planOf(stack: string, first: Document, live: readonly Thing[]): Promise<Plan> {
  const leftOut: LeftOut[] = [];
  let document = first;
  for (let round = 0; round < ROUNDS; round++) {
    const { steps, file } = await preview(stack, document);
    const planned = steps.flatMap(({ op, newState }) => (op === "create" && newState ? [newState] : []));
    const ids = new Map<ImportEntry, string>();
    const conflicts = new Map<string, { place: string[]; reason: string }>();
    for (const entry of file.resources.filter(({ component }) => !component)) {
      const resource = plannedOf(entry, planned);
      const match = resource && (await matchOf(resource, live));
      if (!match) continue;
      if (isImportable(entry, file)) ids.set(entry, match.id);
      if (match.changes.length > 0) {
        const place = ownerOf(resource) ?? wholeOf(resource, match.changes);
        conflicts.set(place.join(" "), { place, reason: conflict(resource, match.changes) });
      }
    }
    if (conflicts.size === 0) {
      const made = planned.filter((resource) => resource.custom && !isOwn(resource));
      const found = new Set([...ids.keys()].map((entry) => plannedOf(entry, planned)));
      return {
        document,
        importFile: importFileOf(file, ids),
        creates: counted(made.filter((one) => !found.has(one))),
        leftOut,
      };
    }
    for (const [what, { place, reason }] of conflicts) {
      document = without(document, place);
      leftOut.push({ what, reason });
    }
  }
  throw new EnvironmentError(
    `environment ${stack}: must hold still while it is adopted, got changes in ${ROUNDS} previews`,
  );
}

const isOwn = ({ type }: StateResource): boolean => /^(pulumi:|messaging-extras:index:)/.test(type);

const sentence = ({ property, expected, found }: Change): string =>
  `${property} is ${found === "" ? "not set" : found}, and a skill's is ${expected === "" ? "not set" : expected}`;

const conflict = ({ type, urn }: StateResource, changes: readonly Change[]): string =>
  `${type.split(":").at(-1)} ${logicalName(urn)}: ${changes.map(sentence).join("; ")}`;

function wholeOf(resource: StateResource, changes: readonly Change[]): never {
  throw new EnvironmentError(
    `${conflict(resource, changes)}: it is shared by all, so nothing of its broker can be adopted`,
  );
}

function counted(resources: readonly StateResource[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of resources) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

async function preview(stack: string, document: Document): Promise<Planned> {
  const folder = mkdtempSync(join(tmpdir(), "messaging-adopt-"));
  try {
    const [skill, imports] = [join(folder, "skill.yaml"), join(folder, "import.json")];
    writeFileSync(skill, stringify(document));
    const args = ["preview", "--json", "--import-file", imports, "--stack", stack];
    // The gate does not refuse here what exists already: that is what is looked for.
    const { code, stdout, stderr } = await runPulumi(args, {
      env: { MESSAGING_RECOVER: stack, MESSAGING_SKILL: skill },
    });
    const { steps, said } = readPlan<Planned["steps"][number]>(stdout);
    if (code === 0 && steps) return { steps, file: JSON.parse(readFileSync(imports, "utf8")) };
    throw new EnvironmentError(`environment ${stack}: cannot be previewed: ${said || pulumiSaid(stderr)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
