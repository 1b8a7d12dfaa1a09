/** An address of AsyncAPI: what varies in it is a parameter in braces. */
export interface Address {
  address: string;
  parameters?: Record<string, { description: string }>;
}

/** The address of a routing or binding key of a topic exchange, where `*` stands for one word and `#` for any number of them. */
export function keyAddress(key: string): Address {
  const words = key.split(".");
  const parameters: Record<string, { description: string }> = {};
  const written = words.map((word) => {
    if (word !== "*" && word !== "#") return escaped(word);
    const name = `${word === "*" ? "word" : "words"}${Object.keys(parameters).length + 1}`;
    parameters[name] = { description: word === "*" ? "One word." : "Any number of words, joined by dots." };
    return `{${name}}`;
  });
  return { address: written.join("."), ...(Object.keys(parameters).length > 0 && { parameters }) };
}

/** The address of a name that may end in `*`, any text. */
export function patternAddress(pattern: string): Address {
  if (!pattern.endsWith("*")) return { address: escaped(pattern) };
  return {
    address: `${escaped(pattern.slice(0, -1))}{rest}`,
    parameters: { rest: { description: "Any text." } },
  };
}

/** Braces would be a parameter. */
const escaped = (text: string): string => text.replaceAll("{", "%7B").replaceAll("}", "%7D");
