import { toMilliseconds } from "../../../skill/index.ts";
import { durationText } from "../text.ts";

/** An alerting rule of Prometheus. */
export interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: { summary: string; description: string; runbook_url: string };
}

/** What one alert says, before it is written as a rule. */
export interface Alert {
  alert: string;
  expr: string;
  /** How long it must be so. Absent: at once. */
  for?: string;
  severity: "critical" | "warning";
  broker: string;
  /** As `messaging dlq` names it, or what else is meant. */
  flow?: string;
  app?: string;
  summary: string;
  description: string;
  /** The part of docs/on-call.md that tells what to do. */
  runbook: keyof typeof runbooks;
}

const runbooks = {
  deadLetters: "1-what-is-there-and-since-when",
  putBack: "3-put-them-back-when-the-fault-is-fixed",
  otherwise: "when-it-is-not-the-dead-letters",
};

/** The rule of an alert. */
export function toRule(alert: Alert, environment: string | undefined): Rule {
  const { severity, broker, flow, app, summary, description, runbook } = alert;
  const labels = { severity, broker, flow, app, environment };
  const given = Object.entries(labels).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "",
  );
  return {
    alert: alert.alert,
    expr: alert.expr,
    ...(alert.for !== undefined && { for: alert.for }),
    labels: Object.fromEntries(given.map(([name, value]) => [name, literal(value)])),
    annotations: {
      summary: marked(summary),
      description: marked(description),
      runbook_url: `docs/on-call.md#${runbooks[runbook]}`,
    },
  };
}

/** Labels and annotations are templates: braces that begin one in a name are written by one. */
const literal = (text: string): string => text.replace(/\{\{/g, '{{ "{{" }}');

// A description's own template says what was measured.
const VALUE = "{{ $value }}";
const marked = (text: string): string => text.split(VALUE).map(literal).join(VALUE);

/** Somebody should have looked at dead letters for so long, in milliseconds: half of their retention, three days at most. */
export const patienceFor = (retention: string | undefined): number =>
  Math.max(Math.min(toMilliseconds(retention ?? "14d") / 2, toMilliseconds("3d")), toMilliseconds("5m"));

/** The alert of dead letters that are there. A canary of `messaging verify` is gone again before it sounds. */
export const deadLettersAlert = (
  flow: { broker: string; flow: string; app: string; place: string },
  expr: string,
): Alert => ({
  alert: "MessagingDeadLetters",
  expr: `${expr} > 0`,
  for: "2m",
  severity: "warning",
  ...named(flow),
  summary: `${flow.flow}: dead letters`,
  description: `{{ $value }} in ${flow.place}. They wait and nothing is lost: npx messaging dlq show ${flow.flow}`,
  runbook: "deadLetters",
});

/** The alert of dead letters that nobody took away in time; `patience` in milliseconds. */
export const oldDeadLettersAlert = (
  flow: { broker: string; flow: string; app: string; place: string; retention: string | undefined; patience: number },
  expr: string,
): Alert => ({
  alert: "MessagingDeadLettersOld",
  expr,
  severity: "critical",
  ...named(flow),
  summary: `${flow.flow}: dead letters for ${durationText(flow.patience)}`,
  description: `${flow.place} was not empty for ${durationText(flow.patience)}.${flow.retention === undefined ? "" : ` A dead letter is deleted after ${flow.retention}.`} Put them back, or drop them: npx messaging dlq redrive ${flow.flow} --dry-run`,
  runbook: "putBack",
});

const named = ({ broker, flow, app }: { broker: string; flow: string; app: string }) => ({ broker, flow, app });
