import type {
  Policy,
  PolicyConfigSchema,
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { allSeen, calledOf, type Seen, seen, stackOf } from "./seen.ts";

/** What a rule is told of the stack and by its configuration. */
export interface Settings {
  stack: string;
  /** Stacks that are local, whatever their endpoints are. */
  localStacks: string[];
  /** The rule's own configuration, as it was given. */
  config: Record<string, unknown>;
}

/** A violation of a stack rule, told at a resource. */
export interface Finding {
  at: Seen;
  problem: string;
}

interface Described {
  /** Its id, by which a configuration names it. */
  name: string;
  /** The rule in one sentence. */
  description: string;
  /** What to do about a violation. */
  remedy: string;
  severity: NonNullable<Policy["severity"]>;
  /** Keys of its own, besides those that every rule has. */
  config?: PolicyConfigSchema["properties"];
}

interface ResourceRule extends Described {
  /** What is wrong with a resource, before it is touched: one sentence a problem. */
  check(resource: Seen, settings: Settings): string[];
}

interface StackRule extends Described {
  /** What is wrong between resources, after a preview or an update. */
  check(resources: Seen[], settings: Settings): Finding[];
}

const names = (description: string, value: string[] = []) =>
  ({ type: "array", items: { type: "string" }, default: value, description }) as const;

/** A key of configuration that is a list of names. */
export const namesKey = names;

const COMMON: PolicyConfigSchema["properties"] = {
  except: names(
    "Names of resources, in the program or on the broker, that the rule leaves alone; * stands for any text.",
  ),
  localStacks: names("Stacks that are local, whatever their endpoints are.", ["local"]),
};

/** A rule about one resource. */
export function resourceRule({ check, ...rule }: ResourceRule): ResourceValidationPolicy {
  return {
    ...policy(rule),
    validateResource: (args, report) => {
      const resource = seen(args);
      const settings = settingsOf(args.getConfig(), args.urn);
      if (isExcepted(resource, settings)) return;
      for (const problem of check(resource, settings)) report(told(problem, rule.remedy));
    },
  };
}

/** A rule about resources together. */
export function stackRule({ check, ...rule }: StackRule): StackValidationPolicy {
  return {
    ...policy(rule),
    validateStack: (args, report: ReportViolation) => {
      const resources = allSeen(args.resources);
      const settings = settingsOf(args.getConfig(), resources[0]?.urn ?? "");
      for (const { at, problem } of check(resources, settings)) {
        if (!isExcepted(at, settings)) report(told(problem, rule.remedy), at.urn);
      }
    },
  };
}

/** The texts of a configuration's list; `fallback` where it has none. */
export function namesOf(value: unknown, fallback: string[] = []): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : fallback;
}

/** Whether a name is one of these, in which * stands for any text. */
export function isNamed(name: string, patterns: string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s").test(name);
  });
}

const told = (problem: string, remedy: string) => `${problem}\n${remedy}`;

const policy = ({ name, description, remedy, severity, config }: Described): Policy => ({
  name,
  description,
  severity,
  remediationSteps: remedy,
  enforcementLevel: "mandatory",
  configSchema: { properties: { ...COMMON, ...config } },
});

const settingsOf = (config: Record<string, unknown>, urn: string): Settings => ({
  stack: stackOf(urn),
  localStacks: namesOf(config.localStacks, ["local"]),
  config,
});

function isExcepted(resource: Seen, { config }: Settings): boolean {
  const except = namesOf(config.except);
  return [resource.name, calledOf(resource)].some((name) => isNamed(name, except));
}
