import { plainText } from "./words.ts";

/** What messages are about. */
export interface Subject {
  /** How a queue or topic of it is called: `orders`. */
  plural: string;
  /** One of it, the first word of routing keys: `order`. */
  singular: string;
  /** Whether the query says it, or a default was taken. */
  said: boolean;
}

/** Words of a query by the thing that they are about, where its name is not simply theirs. */
const ABOUT: readonly [words: string, singular: string, plural?: string][] = [
  ["orders?|ordering|checkouts?|purchases?", "order"],
  ["payments?|paying|charges?|refunds?", "payment"],
  ["invoices?|invoicing|billing", "invoice"],
  ["shipments?|shipping|deliver(?:y|ies) (?:of )?(?:parcels?|goods)|parcels?", "shipment"],
  ["e-?mails?|mails?|newsletters?", "email"],
  ["user (?:activity|actions?|behaviou?r)|activity", "activity", "activities"],
  ["click ?streams?|clicks?|page ?views?", "click"],
  ["audit(?:s|ing)?", "audit", "audit-log"],
  ["images?|photos?|thumbnails?|pictures?", "image"],
  ["videos?|transcod\\w+", "video"],
  ["chats?", "chat"],
  ["notif(?:y|ies|ications?)|alerts?", "notification"],
  ["telemetry|sensors?|iot|devices?", "reading"],
  ["metrics?", "metric"],
  ["logs?|logging", "log"],
  ["inventory|stock levels?|warehouse", "inventory", "inventory"],
  ["carts?|baskets?", "cart"],
  ["bookings?|reservations?", "booking"],
  ["trades?|trading|market data|quotes?", "trade"],
  ["prices?|pricing", "price"],
  ["locations?|gps|positions?", "location"],
  ["reports?|pdfs?", "report"],
  ["uploads?|files?|documents?", "document"],
  ["webhooks?", "webhook"],
  ["scores?|leaderboards?", "score"],
  ["sessions?", "session"],
  ["transactions?", "transaction"],
  ["sign-?ups?|registrations?|users?|accounts?|profiles?", "user"],
  ["customers?|crm", "customer"],
  ["products?|catalog(?:ue)?s?", "product"],
];

/** What begins so is kept for what this product makes itself. */
const OURS = /^messagings?$/;

/** Words that stand before `queue` or `events` and name nothing. */
const NOTHING =
  /^(?:a|an|the|my|our|your|this|that|of|for|and|or|to|with|in|on|per|some|any|all|new|one|more|many|task|tasks|work|worker|job|jobs|message|messages|event|events|event-driven|background|async|asynchronous|durable|reliable|real-time|realtime|live|high|low|priority|dead|letter|dead-letter|retry|delayed|simple|single|fifo|quorum|classic|standard|kafka|rabbitmq|redis|sqs|aws|amazon|valkey|stream|streams|data|throughput|high-throughput|domain|business|topic|queue|set|setup|up|use|using|create|add|make|process|processing|configure|implement|build|batch|please|distributed|persistent|ordered|between|from|into|publish|consume|send|receive|handle|microservice|microservices|service|services|unordered)$/;

/** What the messages of a query are about; `fallback` where it does not say. */
export function subjectOf(query: string, fallback: string): Subject {
  const text = plainText(query);
  const called = calledIn(text);
  if (called !== undefined && !OURS.test(called)) return { plural: called, singular: singularOf(called), said: true };
  const found = ABOUT.flatMap(([words, singular, plural = pluralOf(singular)]) => {
    const match = new RegExp(`(?<![\\w-])(?:${words})(?![\\w-]*-(?:service|app|api|worker)\\b)(?!\\w)`, "u").exec(text);
    return match ? [{ at: match.index, singular, plural }] : [];
  }).sort((a, b) => a.at - b.at)[0];
  if (found) return { singular: found.singular, plural: found.plural, said: true };
  for (const [, word] of text.matchAll(
    /(?<![\w-])([a-z][a-z0-9-]{2,30}) (?:process(?:ing|or)|queues?|events?|streams?|topics?|jobs?|tasks?|pipeline|messages?|updates?)\b/g,
  )) {
    if (!NOTHING.test(word!) && !OURS.test(word!))
      return { plural: pluralOf(slug(word!)), singular: singularOf(slug(word!)), said: true };
  }
  return { plural: fallback, singular: singularOf(fallback), said: false };
}

/** A name that the query gives: `a queue called invoices`, or one in quotes. */
function calledIn(text: string): string | undefined {
  const [, named, quoted] =
    /\b(?:called|named) ["'`“]?([\p{L}\p{N}][\p{L}\p{N}._-]{0,60})|["'`“]([\p{L}\p{N}][\p{L}\p{N}._-]{1,60})["'`”]/u.exec(
      text,
    ) ?? [];
  const name = slug(named ?? quoted ?? "");
  return name === "" ? undefined : name;
}

/** The text as a name that every broker takes: lower-case words of letters and digits joined by -, 40 characters at most; empty where nothing is left. */
export const slug = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");

/** `order` as `orders`, `delivery` as `deliveries`; what is plural already stays. */
export function pluralOf(word: string): string {
  if (/(?:s|data|telemetry|inventory)$/.test(word)) return word;
  if (/[^aeiou]y$/.test(word)) return word.replace(/y$/, "ies");
  return /(?:x|z|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}

/** `orders` as `order`. */
export function singularOf(word: string): string {
  if (/ies$/.test(word) && word.length > 4) return word.replace(/ies$/, "y");
  if (/(?:ss|us|is)$/.test(word) || word.length < 4) return word;
  return word.replace(/(?<=(?:x|z|ch|sh))es$|s$/, "") || word;
}
