import { type Change, type Metadata, toChanges } from "./changes.ts";

/** A rule of the policy pack that a change breaks. */
export interface Violation {
  rule: string;
  /** `mandatory` ones fail the preview. */
  level: string;
  name: string;
  message: string;
}

/** What a preview found. */
export interface Plan {
  /** What changes, by what the skill speaks of. */
  changes: Change[];
  /** What a gate refused, whole. */
  refusals: string[];
  violations: Violation[];
  /** What else went wrong. */
  errors: string[];
  /** What the change lets go on purpose, by name. */
  allowed: string[];
}

/** One line of `pulumi preview --json` with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true, as far as it is read here. */
interface EngineEvent {
  preludeEvent?: { config?: Record<string, string> };
  resourcePreEvent?: { metadata: Metadata };
  diagnosticEvent?: { message: string; severity: string };
  policyEvent?: { resourceUrn?: string; message: string; policyName: string; enforcementLevel: string };
}

/** Reads what a preview printed. `stderr` is told where nothing else says why it failed. */
export function planOf({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): Plan {
  const events = stdout.split("\n").flatMap(toEvent);
  const said = unique(
    events.flatMap(({ diagnosticEvent }) =>
      diagnosticEvent?.severity === "error" ? [diagnosticEvent.message.trim()] : [],
    ),
  );
  const refusals = unique(said.flatMap((message) => GATE.exec(message)?.[1] ?? []));
  const violations = events.flatMap(({ policyEvent }) => (policyEvent ? [toViolation(policyEvent)] : []));
  const errors = said.filter((message) => !GATE.test(message) && !IN_SHORT.test(message));
  const silent = code !== 0 && refusals.length + errors.length + violations.length === 0;
  const config = events.find(({ preludeEvent }) => preludeEvent)?.preludeEvent?.config;
  return {
    changes: toChanges(events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? [])),
    refusals,
    violations,
    errors: silent ? [stderr.trim() || `pulumi preview ended with ${code} and did not say why`] : errors,
    allowed: namesIn(config?.["messaging:allowDataLoss"]),
  };
}

/** What a gate of the program says, behind the engine's own words. */
const GATE = /before hook "[a-z -]+ gate" failed: (.*)/s;

/** What the engine adds to errors that have been told. */
const IN_SHORT = /^(preview failed|update failed|.*violated by.*)$/;

function toEvent(line: string): EngineEvent[] {
  if (!line.startsWith("{")) return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

const toViolation = ({
  resourceUrn,
  message,
  policyName,
  enforcementLevel,
}: NonNullable<EngineEvent["policyEvent"]>) => ({
  rule: policyName,
  level: enforcementLevel,
  name: resourceUrn?.split("::").slice(3).join("::") ?? "",
  message: message.replace(/<\{%[^%]*%\}>/g, "").trim(),
});

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** A list in a stack's configuration, which Pulumi prints as JSON. */
function namesIn(list: string | undefined): string[] {
  try {
    const names: unknown = JSON.parse(list ?? "[]");
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    return [];
  }
}
