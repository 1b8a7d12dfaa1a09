import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadSkillFile, parseSkill, SkillError } from "../../skill/index.ts";
import { type Command, type Invocation, UsageError } from "../arguments.ts";
import { EnvironmentError, environmentName, environmentOptions } from "../outputs.ts";
import { projectFolder } from "../pulumi.ts";
import { apply } from "./apply.ts";
import { BROKERS } from "./brokers.ts";
import { refusalOf } from "./cannot.ts";
import { diffOf, stanzaText, withAdded } from "./file.ts";
import { type Plan, planOf } from "./plan.ts";
import { checkBrokers, losing, previewOf, type Step } from "./preview.ts";
import { brokerOf, LONGEST, queryOf, SHORTEST } from "./query.ts";
import type { Document } from "./stanzas/stanza.ts";
import { planText, previewText } from "./text.ts";

const SKILL = "skill.yaml";

/** `messaging invoke`: what to add to skill.yaml for a request in words, by tables and no model. */
export const invoke: Command = {
  name: "invoke",
  operands: { usage: '"<query>"', most: 1 },
  summary: `Propose what to add to ${SKILL} for a request of ${SHORTEST} to ${LONGEST} characters, and preview it. Nothing is changed before --apply.`,
  options: {
    broker: { value: BROKERS.join("|"), summary: "The broker. Default: by what the query says, and why is told." },
    apply: { summary: `Write ${SKILL} and run pulumi up; where that fails, both are put back.` },
    environment: environmentOptions.environment!,
    json: { summary: "Print JSON." },
  },
  run,
};

async function run({ options, operands, streams }: Invocation): Promise<number> {
  const query = queryOf(operands, invoke);
  const broker = brokerOf(options.broker, invoke);
  const refused = refusalOf(query);
  if (refused !== undefined) throw new UsageError(`query: must ${refused}`, invoke);
  const environment = environmentName(options);
  const file = join(projectFolder, SKILL);
  const document = readDocument(file);
  const before = readFileSync(file, "utf8");
  const plan = planOf(query, document, broker);
  const after = withAdded(before, plan.added, plan.comments);
  const diff = diffOf(SKILL, before, after);
  const say = (text: string) => options.json === undefined && streams.stdout.write(`${text}\n`);
  say(planText(plan, diff));
  const wanted = options.apply !== undefined;
  const steps = await previewed(environment, after, wanted, { options, operands, streams });
  if (steps) say(`\n${previewText(environment, steps)}`);
  if (wanted) {
    refuseLosses(environment, steps!);
    await apply({ environment, file, before, after }, streams);
  }
  if (options.json !== undefined)
    streams.stdout.write(
      `${JSON.stringify(asJson(query, plan, { environment, diff, steps, applied: wanted }), null, 2)}\n`,
    );
  say(
    wanted
      ? `\nApplied: ${SKILL} has it, and ${environment} is up.`
      : "\nNothing is changed yet; --apply writes it and runs pulumi up.",
  );
  return 0;
}

/** The skill as it is written; one that cannot be parsed is told with every problem. */
function readDocument(file: string): Document {
  try {
    const document = loadSkillFile(file);
    parseSkill(document);
    return document as Document;
  } catch (error) {
    if (error instanceof SkillError) throw new EnvironmentError(error.message);
    throw error;
  }
}

/** What an `up` would do; undefined where there is no environment yet, which only a proposal can do without. */
async function previewed(
  environment: string,
  skill: string,
  wanted: boolean,
  { options, streams }: Invocation,
): Promise<Step[] | undefined> {
  try {
    await checkBrokers(options, streams);
  } catch (error) {
    const absent =
      error instanceof EnvironmentError && /no stack named|no previous deployment|not found/.test(error.message);
    if (!absent || wanted) throw error;
    streams.stderr.write(
      `messaging: no preview, as there is no environment ${environment} yet (npm start makes local)\n`,
    );
    return undefined;
  }
  streams.stderr.write(`Previewing it on ${environment}\n`);
  return previewOf(environment, skill);
}

/** What was taken out of skill.yaml before and is not applied yet would go too, unseen. */
function refuseLosses(environment: string, steps: readonly Step[]): void {
  const lost = losing(steps);
  if (lost.length === 0) return;
  const names = lost.map(({ op, what, name }) => `${op} ${what} ${name}`).join(", ");
  throw new EnvironmentError(
    `environment ${environment}: must have nothing else to be done, got ${names}. Run npx pulumi up for that first; nothing was applied`,
  );
}

interface Done {
  environment: string;
  diff: string;
  steps: Step[] | undefined;
  applied: boolean;
}

function asJson(query: string, plan: Plan, { environment, diff, steps, applied }: Done): object {
  const { broker, why, others, what, added, comments, advice, notes } = plan;
  const stanza = stanzaText(added, comments);
  return {
    query,
    environment,
    broker,
    why,
    others,
    what,
    stanza,
    added,
    advice,
    notes,
    diff,
    preview: steps ?? null,
    applied,
  };
}
