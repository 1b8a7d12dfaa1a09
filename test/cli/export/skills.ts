import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadSkillFile, parseSkill, type Skill } from "../../../skill/index.ts";

const root = join(import.meta.dirname, "../../..");

const inFolder = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => `${folder}/${name}`);

/** A skill of the project by its file. */
export const skillOf = (file: string): Skill => parseSkill(loadSkillFile(join(root, file)));

/** Every skill of the project, by file. */
export const skills: [string, Skill][] = ["skill.yaml", ...inFolder("examples"), ...inFolder("test/engine/skills")].map(
  (file) => [file, skillOf(file)],
);
