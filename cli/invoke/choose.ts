import { printable } from "../../skill/index.ts";
import { BROKERS, type Broker, COMPARISON } from "./brokers.ts";
import { EVIDENCE, plainText, unwanted } from "./words.ts";

/** What speaks for a broker in a query. */
export interface Score {
  broker: Broker;
  score: number;
  /** The words of the query that were counted. */
  words: string[];
}

/** The broker for a query and why. */
export interface Choice {
  broker: Broker;
  /** One sentence: which words led there, or which default was taken. */
  why: string;
  /** One sentence for each of the other brokers: what it would have been for. */
  others: string[];
}

/** How much each broker has for it, by the tables alone; a broker that the query does not want has -1. */
export function scoresOf(query: string): Score[] {
  const text = plainText(query);
  return BROKERS.map((broker) => {
    if (unwanted(broker).test(text)) return { broker, score: -1, words: [] };
    const found = EVIDENCE.filter((one) => one.broker === broker).flatMap(({ words, weight }) => {
      const [word] = words.exec(text) ?? [];
      return word === undefined ? [] : [{ word, weight }];
    });
    const words = found.sort((a, b) => b.weight - a.weight).map(({ word }) => word);
    return {
      broker,
      score: found.reduce((sum, { weight }) => sum + weight, 0),
      // A word that stands in a longer one says nothing more.
      words: words.filter(
        (word, at) =>
          !words.some((other, index) => index !== at && other.includes(word) && (other !== word || index < at)),
      ),
    };
  });
}

/** The broker for a query: `asked` where it is given, else by the comparison. `present`: those that the skill uses already, which decide a tie. */
export function choose(query: string, asked: Broker | undefined, present: readonly Broker[]): Choice {
  const scores = scoresOf(query);
  const best = Math.max(...scores.map(({ score }) => score));
  const tied = scores.filter(({ score }) => score === best);
  const compared = tied.find(({ broker }) => present.includes(broker)) ?? tied[0]!;
  const chosen = asked === undefined ? compared : scores.find(({ broker }) => broker === asked)!;
  return {
    broker: chosen.broker,
    why: asked === undefined ? reasonOf(compared, tied, present) : askedFor(chosen, compared),
    others: scores.filter((one) => one !== chosen).map(otherwise),
  };
}

function reasonOf(chosen: Score, tied: readonly Score[], present: readonly Broker[]): string {
  const { title, best } = COMPARISON[chosen.broker];
  const there = present.includes(chosen.broker);
  if (chosen.score <= 0) {
    const because = there
      ? "skill.yaml uses it already, so nothing more has to be run"
      : "a durable queue with retries and dead letters suits most, and is the easiest to leave again";
    return `${title} by default, as nothing in the query speaks for a broker: ${because}.`;
  }
  const led = `${title}, for ${best}: the query says ${quoted(chosen.words)}.`;
  if (tied.length === 1) return led;
  const others = tied.filter((one) => one !== chosen).map(({ broker }) => COMPARISON[broker].title);
  const because = there
    ? "skill.yaml uses it already"
    : "it keeps what nobody has handled, and is the easier to leave again";
  return `${led} As much speaks for ${others.join(" and ")}; ${title} was taken, as ${because}.`;
}

function askedFor(chosen: Score, compared: Score): string {
  const { title, best } = COMPARISON[chosen.broker];
  const asked = `${title}, as --broker asks for it; it is for ${best}.`;
  if (compared.broker === chosen.broker || compared.score <= 0) return asked;
  const other = COMPARISON[compared.broker];
  return `${asked} The query by itself would have led to ${other.title}: ${quoted(compared.words)}.`;
}

function otherwise({ broker, score, words }: Score): string {
  const { title, best } = COMPARISON[broker];
  if (score < 0) return `${title} would be for ${best}; the query does not want it.`;
  return `${title} would be for ${best}${words.length > 0 ? `: ${quoted(words)}` : ""}.`;
}

const MOST_WORDS = 4;

const quoted = (words: readonly string[]): string =>
  words
    .slice(0, MOST_WORDS)
    .map((word) => `"${printable(word)}"`)
    .join(", ");
