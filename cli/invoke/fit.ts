import { mergePatch, parseSkill, type Skill, SkillError } from "../../skill/index.ts";
import type { Document, Stanza } from "./stanzas/stanza.ts";

/** A stanza whose names the skill did not have, and the skill with it. */
export interface Fitted {
  stanza: Stanza;
  /** What of the stanza the skill does not have already: everything but apps that it has. */
  added: Document;
  document: Document;
  skill: Skill;
}

/** Names of one kind that are tried. */
const TRIES = 100;

/**
 * The stanza under the first names that keep apart from what the skill has: `orders`, `orders-2`, `orders-3`. What stands in the skill
 * stays as it is. Throws the SkillError of the last try where none fits.
 */
export function fitted(document: Document, toStanza: (suffix: string) => Stanza): Fitted {
  let last: SkillError | undefined;
  for (let count = 1; count <= TRIES; count++) {
    const stanza = toStanza(count === 1 ? "" : `-${count}`);
    const added = withoutKnownApps(stanza.section, document);
    if (clashes(added, document)) continue;
    const merged = mergePatch(document, added) as Document;
    try {
      return { stanza, added, document: merged, skill: parseSkill(merged) };
    } catch (error) {
      if (!(error instanceof SkillError)) throw error;
      last = error;
    }
  }
  throw last ?? new SkillError([{ path: "", rule: `leave a name free among ${TRIES}`, got: "all of them taken" }]);
}

const isMap = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function withoutKnownApps({ apps, ...rest }: Document, { apps: known }: Document): Document {
  const has = (app: string) => isMap(known) && Object.hasOwn(known, app);
  const news = Object.entries(apps as Document).filter(([app]) => !has(app));
  return { ...(news.length > 0 && { apps: Object.fromEntries(news) }), ...rest };
}

/** Whether both name the same exchange, queue, topic or instance. */
function clashes(added: Document, document: Document, depth = 0): boolean {
  return Object.entries(added).some(([key, value]) => {
    if (!Object.hasOwn(document, key)) return false;
    const there = document[key];
    // A broker's section and its kinds are shared; what stands in them by name is not.
    return depth >= 2 || !isMap(value) || !isMap(there) ? true : clashes(value, there, depth + 1);
  });
}
