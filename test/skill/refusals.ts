import { parse } from "yaml";
import { mergePatch, parseSkill, SkillError } from "../../skill/index.ts";

/** A sentence, a JSON merge patch in YAML of the skill that the table starts from, and the lines of its error. */
export type Refusal = readonly [sentence: string, patch: string, lines: readonly string[]];

/** The lines of the error of a skill, with a patch; none where it is good. */
export function linesOf(skill: unknown, patch = "{}"): string[] {
  try {
    parseSkill(mergePatch(skill, parse(patch)));
    return [];
  } catch (error) {
    if (!(error instanceof SkillError)) throw error;
    return error.message.split("\n");
  }
}
