import { type Subject, singularOf, slug } from "./subject.ts";
import { plainText } from "./words.ts";

/** Who produces and who consumes. */
export interface Roles {
  producer: string;
  consumers: string[];
  /** Every app that the query names, in its order. */
  named: string[];
}

/** More apps than this are not taken from a list. */
const MOST_NAMED = 8;

const NO_SERVICE =
  /^(?:micro|my|our|the|a|an|this|that|each|every|per|all|other|another|many|some|any|several|multiple|few|new|old|of|for|and|or|to|with|in|on|from|between|managed|queue|queues|message|messaging|background|task|tasks|job|jobs|event|events|kafka|rabbitmq|redis|sqs|aws|amazon|serverless|lambda|simple|rest|azure|customer-facing|small|two|three|four|five|six|talk|connect|set|up|setup|as|is|are|into|by|via|google|cloud|it|not)$/;

/** `billing, crm and mail services` */
const LISTED =
  /(?<![\w-])((?:[a-z][a-z0-9-]{1,40}(?:\s*,\s*(?:and )?|\s+and\s+|\s*&\s*)){1,8}[a-z][a-z0-9-]{1,40}) (?:micro)?services(?![\w-])/g;

/** The apps that a query names: those of the skill by their names, `billing service`, `between checkout and billing`, `services: a, b and c`. */
export function namedApps(query: string, apps: readonly string[]): string[] {
  const text = plainText(query);
  const found: { at: number; app: string }[] = [];
  const take = (at: number, word: string) => {
    const name = slug(word);
    if (name === "" || NO_SERVICE.test(name) || /^web-?service$/.test(name)) return;
    found.push({
      at,
      app: known(name, apps) ?? (/(?:service|app|api|worker|gateway)$/.test(name) ? name : `${name}-service`),
    });
  };
  for (const app of apps) {
    const at = ` ${text} `.search(
      new RegExp(`(?<![\\w-])${app.toLowerCase().replace(/[^a-z0-9]/g, "\\$&")}(?![\\w-])`),
    );
    if (at >= 0) found.push({ at, app });
  }
  for (const match of text.matchAll(
    /(?<![\w-])([a-z][a-z0-9-]{0,40})[- ]((?:service|app|api|worker|gateway))s?(?![\w-])/g,
  ))
    take(
      match.index,
      match[2] === "service" || match[2] === "app"
        ? match[1]!
        : NO_SERVICE.test(match[1]!)
          ? ""
          : `${match[1]}-${match[2]}`,
    );
  for (const match of text.matchAll(
    /\b(?:(?:micro)?services|apps|between|from)[:\s]\s*((?:[a-z][a-z0-9-]{1,40}(?: services?)?(?:\s*,\s*(?:and )?|\s+and\s+|\s*&\s*|\s+to\s+)){1,8}[a-z][a-z0-9-]{1,40})/g,
  )) {
    let at = match.index;
    for (const word of match[1]!.split(/\s*,\s*(?:and )?|\s+and\s+|\s*&\s*|\s+to\s+/))
      take(at++, word.replace(/ services?$/, ""));
  }
  for (const { 1: list = "", index } of text.matchAll(LISTED)) {
    let at = index;
    for (const word of list.split(/\s*,\s*(?:and )?|\s+and\s+|\s*&\s*/)) take(at++, word);
  }
  const names = found.sort((a, b) => a.at - b.at).map(({ app }) => app);
  return [...new Set(names)].slice(0, MOST_NAMED);
}

/** The app of the skill that is meant by a word: `order` by `order-service`. */
export const known = (word: string, apps: readonly string[]): string | undefined =>
  apps.find((app) => app === word) ??
  apps.find((app) =>
    [`${word}-service`, `${word}-app`, `${word}-api`, `${singularOf(word)}-service`].includes(app.toLowerCase()),
  );

/** Who is usually interested in what happens to a thing, apart from whoever it happens at. */
const USUAL = new Map<string, readonly string[]>(
  Object.entries({
    order: ["payment", "fulfilment|fulfillment|inventory|warehouse", "notification"],
    payment: ["order", "notification"],
    booking: ["payment", "notification"],
    user: ["notification", "analytics"],
    customer: ["notification", "analytics"],
    shipment: ["order", "notification"],
    click: ["analytics"],
    activity: ["analytics"],
    reading: ["monitoring", "analytics"],
    metric: ["monitoring"],
    log: ["log-indexer"],
    audit: ["audit-archive"],
  }),
);

/** The first of several names for the same that the skill has. */
const usualOf = (words: readonly string[], apps: readonly string[]): string =>
  words.map((word) => known(word, apps)).find((app) => app !== undefined) ?? `${words[0]}-service`;

/** Who produces and consumes: those that the query names, the first of them producing; else the usual ones, as the skill calls them where it has them. */
export function rolesOf(query: string, subject: Subject, apps: readonly string[], style: "events" | "work"): Roles {
  const named = namedApps(query, apps);
  if (named.length === 0 && !subject.said)
    return { producer: `${subject.plural}-producer`, consumers: [`${subject.plural}-consumer`], named };
  const own = (word: string) => known(word, apps) ?? `${word}-service`;
  const [first, ...rest] = named;
  const producer = first ?? own(subject.singular);
  const usual =
    style === "events" ? (USUAL.get(subject.singular) ?? []).map((words) => usualOf(words.split("|"), apps)) : [];
  const consumers = rest.length > 0 ? rest : usual.filter((app) => app !== producer);
  const fallback = `${subject.singular}-${style === "events" ? "processor" : "worker"}`;
  return { producer, consumers: consumers.length > 0 ? consumers : [known(fallback, apps) ?? fallback], named };
}
