/** A regular expression of RabbitMQ that matches exactly these names, and nothing where there are none. */
export function exactly(names: Iterable<string>): string {
  return anchored([...names].map(literal));
}

/** A regular expression of RabbitMQ that matches exactly the routing keys that a topic exchange routes by these binding keys. */
export function routedBy(bindingKeys: Iterable<string>): string {
  // $ is before a line break at the end, too: a key of that ending would pass, lead nowhere, and stay in a delay tier for ever.
  return `${anchored([...bindingKeys].map(routedByOne))}(?!\\n)`;
}

/** A regular expression of RabbitMQ that matches nothing, not even a routing key without any character. */
export const NOTHING = "(?!)";

/** In bytes. RabbitMQ's regular expressions may compile to 64 KB: two bytes for each of these patterns, and one more for each alternative. */
const LARGEST = 32_750;

/** Why RabbitMQ would refuse this pattern, in words that follow "must"; undefined where it takes it. */
export function tooLarge(pattern: string): { rule: string; got: string } | undefined {
  const size = Buffer.byteLength(pattern) + Math.ceil((pattern.match(/\|/g)?.length ?? 0) / 2);
  if (size <= LARGEST) return undefined;
  const rule = `be within ${LARGEST} bytes, as RabbitMQ compiles no larger pattern (half a byte more for each name in it)`;
  return { rule, got: `${size} bytes` };
}

function anchored(expressions: string[]): string {
  const alternatives = [...new Set(expressions)].sort();
  return alternatives.length > 1 ? `^(?:${alternatives.join("|")})$` : `^${alternatives[0] ?? ""}$`;
}

function literal(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

/** In a binding key `*` is one word, which may be empty between dots, and `#` any number of words, dots between them included. */
function routedByOne(bindingKey: string): string {
  const words = bindingKey.split(".").filter((word, at, all) => word !== "#" || all[at - 1] !== "#");
  if (words.length === 1 && words[0] === "#") return ".*";
  // A routing key without any character has no word.
  const wordless = words.filter((word) => word !== "#").join() === "*" ? "(?!$)" : "";
  return wordless + words.map(wordExpression).join("");
}

function wordExpression(word: string, at: number, words: string[]): string {
  if (word === "#") return at === 0 ? "(?:.*\\.)?" : "(?:\\..*)?";
  const separator = at === 0 || (at === 1 && words[0] === "#") ? "" : "\\.";
  return separator + (word === "*" ? "[^.]*" : literal(word));
}
