import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import {
  type AcceptedCredentials,
  checkEnvironment,
  loadSkillFile,
  NAMESPACE,
  parseEnvironment,
  parseEnvironmentSkill,
  SkillError,
  shown,
} from "../../skill/index.ts";
import { EnvironmentError } from "../outputs.ts";

/** An app's credentials, as an environment's configuration says them. */
export interface Configured {
  /** `Pulumi.<env>.yaml` */
  file: string;
  accepted: AcceptedCredentials;
}

/** Reads and checks what an environment's file says. Throws an EnvironmentError with every problem, or where the skill has no such app. */
export async function readConfigured(environment: string, app: string): Promise<Configured> {
  // The toolchain works on one environment, which it reads from here when it is loaded.
  process.env.MESSAGING_ENVIRONMENT = environment;
  const { ownConfig } = await import("../../toolchain/settings.ts");
  const file = `Pulumi.${environment}.yaml`;
  try {
    const { config, secrets } = ownConfig(loadSkillFile(file));
    const parsed = parseEnvironment(config);
    const skill = parseEnvironmentSkill(loadSkillFile("skill.yaml"), parsed.skill, `${NAMESPACE}:skill in ${file}`);
    checkEnvironment(skill, parsed, secrets);
    if (!Object.hasOwn(skill.apps, app)) {
      const known = Object.keys(skill.apps).join(", ") || "none";
      throw new EnvironmentError(`app: must be one of the skill (${known}), got ${shown(app)}`);
    }
    return { file, accepted: Object.hasOwn(parsed.credentials, app) ? parsed.credentials[app]! : { current: 1 } };
  } catch (error) {
    throw error instanceof SkillError ? new EnvironmentError(error.message) : error;
  }
}

/** Writes an app's credentials into the file, whole or not at all. */
export function writeAccepted(file: string, app: string, accepted: AcceptedCredentials): void {
  const text = withAccepted(readFileSync(file, "utf8"), app, accepted);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** The text of a stack's file with these credentials of an app; all else, comments included, stays. */
export function withAccepted(text: string, app: string, accepted: AcceptedCredentials): string {
  const document = parseDocument(text);
  document.setIn(["config", `${NAMESPACE}:credentials`, app], document.createNode(accepted, { flow: true }));
  return document.toString({ lineWidth: 0 });
}
