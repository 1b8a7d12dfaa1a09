/** Where Debian's packages come from. */
export interface Mirrors {
  main: string;
  /** Absent where the machine takes no security updates. */
  security?: string;
}

const DEBIAN: Mirrors = { main: "http://deb.debian.org/debian", security: "http://deb.debian.org/debian-security" };

/**
 * The Debian mirrors of this machine, read from the texts of its apt sources (both formats), or Debian's own where it is not Debian.
 * @param codename the machine's release, such as `bookworm`
 */
export function aptMirrors(sources: string[], codename: string | undefined): Mirrors {
  if (!codename) return DEBIAN;
  const found = sources.flatMap((text) => [...deb822(text), ...oneLine(text)]);
  const main = found.find(({ suites, components }) => suites.includes(codename) && components.includes("main"));
  if (!main) return DEBIAN;
  const security = found.find(({ suites }) => suites.includes(`${codename}-security`));
  return { main: main.uri, ...(security && { security: security.uri }) };
}

/** The lines of a sources.list for one release. */
export function sourcesFor(suite: string, mirrors: Mirrors): string {
  const lines = [`deb ${mirrors.main} ${suite} main`];
  if (mirrors.security) lines.push(`deb ${mirrors.security} ${suite}-security main`);
  return `${lines.join("\n")}\n`;
}

/** What of apt's own settings (`apt-config dump`) a download needs: proxies and certificates. */
export function downloadSettings(dump: string): string[] {
  return dump.split("\n").filter((line) => /^Acquire::https?::(\S+::)?(Proxy|CaInfo)\b.*"[^"]+";$/i.test(line));
}

interface Source {
  uri: string;
  suites: string[];
  components: string[];
}

function deb822(text: string): Source[] {
  return text
    .replace(/^#.*\n?/gm, "")
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = (name: string) => new RegExp(`^${name}:(.*)$`, "im").exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      if (!field("Types").includes("deb") || field("Enabled").includes("no")) return [];
      return field("URIs").map((uri) => ({ uri, suites: field("Suites"), components: field("Components") }));
    });
}

function oneLine(text: string): Source[] {
  return text.split("\n").flatMap((line) => {
    const [, uri, suite, components] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? [];
    return uri && suite && components ? [{ uri, suites: [suite], components: components.trim().split(/\s+/) }] : [];
  });
}
