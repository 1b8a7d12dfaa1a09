import { loadSkillFile, parseEnvironmentSkill, parseSkill, type Skill, SkillError, shown } from "../skill/index.ts";
import { type Command, UsageError } from "./arguments.ts";
import { summaryOf } from "./summary.ts";

/** `messaging validate`: every problem of a skill, or one line that says what is in it. */
export const validate: Command = {
  name: "validate",
  operands: { usage: "[file]", most: 1 },
  summary: "Check a skill, skill.yaml unless another file is given, and print all its problems.",
  options: {
    environment: {
      value: "<env>",
      short: "e",
      summary: "Check it as Pulumi.<env>.yaml changes it, by messaging:skill.",
    },
  },
  run({ options, operands: [file = "skill.yaml"], streams }) {
    try {
      const skill = read(file, options.environment);
      streams.stdout.write(`${file}: valid: ${summaryOf(skill)}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof SkillError)) throw error;
      streams.stderr.write(`${error.message}\n`);
      return 1;
    }
  },
};

function read(file: string, environment: string | undefined): Skill {
  if (environment === undefined) return parseSkill(loadSkillFile(file));
  // It becomes part of a file name.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(environment)) {
    throw new UsageError(`--environment must be the name of a Pulumi stack, got ${shown(environment)}`, validate);
  }
  const settings = `Pulumi.${environment}.yaml`;
  return parseEnvironmentSkill(loadSkillFile(file), patchOf(settings), `messaging:skill in ${settings}`);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What an environment changes of the skill, if anything. */
function patchOf(settings: string): unknown {
  const content = loadSkillFile(settings);
  const config = isMap(content) ? content.config : undefined;
  const patch = isMap(config) ? (config["messaging:skill"] ?? {}) : {};
  if (isMap(patch)) return patch;
  throw new SkillError([{ path: `${settings}: config["messaging:skill"]`, rule: "be a map", got: shown(patch) }]);
}
