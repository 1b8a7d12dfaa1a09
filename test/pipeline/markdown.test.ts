import { describe, expect, it } from "vitest";
import { assembled, block, escaped, LONGEST, withoutSecrets } from "../../pipeline/markdown.ts";

describe("text of a skill in a comment", () => {
  it("formats, links, mentions and closes nothing", () => {
    const text = escaped("a|b <!-- x --> @team #1 [l](http://x) `c` *d* \\ ![i](u)\u0000\nz");
    expect(text).toBe(
      "a&#124;b &#60;&#33;-- x --&#62; &#64;<!-- -->team &#35;<!-- -->1 &#91;l&#93;&#40;http&#58;//x&#41; &#96;c&#96; &#42;d&#42; &#92; &#33;&#91;i&#93;&#40;u&#41;&#92;u0000<br>z",
    );
  });

  it("cannot end the block that it stands in", () => {
    const text = block("a\n````\n</details>");
    expect(text.split("\n")).toEqual(["`````", "a", "````", "</details>", "`````"]);
  });

  it("is cut where a block is too long, and says so", () => {
    const lines = Array.from({ length: 10 }, (_, at) => `line ${at}`).join("\n");
    expect(block(lines, 21)).toBe("```\nline 0\nline 1\nline 2\n... cut: 7 more lines, in the log of the job\n```");
  });
});

describe("a comment", () => {
  it("of many sections is no longer than GitHub takes, and says that it is cut", () => {
    const sections = ["<!-- marker -->", ...Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(2000)}`)];
    const text = assembled(sections);
    expect(text.length).toBeLessThanOrEqual(LONGEST);
    expect(text.startsWith("<!-- marker -->\n\n0 x")).toBe(true);
    expect(text).toMatch(/\*Cut: \d+ more sections are in the log of the job, as a comment has its limit\.\*$/);
  });

  it("that fits is whole", () => {
    expect(assembled(["a", "b"])).toBe("a\n\nb");
  });

  it("has none of the pipeline's own secrets, whatever printed them", () => {
    const env = { GITHUB_TOKEN: "ghs_0123456789", PULUMI_CONFIG_PASSPHRASE: "correct horse", HOME: "/home/runner" };
    expect(withoutSecrets("ghs_0123456789 in /home/runner: correct horse", env)).toBe("*** in /home/runner: ***");
  });
});
