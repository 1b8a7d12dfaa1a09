import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { aptMirrors, downloadSettings, sourcesFor } from "../../toolchain/images/apt.ts";
import { ensureImages, isOf, shortReference } from "../../toolchain/images/index.ts";
import { recipeHash, recipes } from "../../toolchain/images/recipes.ts";
import { mmdebstrapOptions } from "../../toolchain/images/rootfs.ts";

describe("the mirrors of this machine", () => {
  const deb822 = `# http://snapshot.example/archive
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
`;

  test("are read from deb822 sources", () => {
    expect(aptMirrors([deb822], "bookworm")).toEqual({
      main: "http://mirror.example/debian",
      security: "http://mirror.example/security",
    });
  });

  test("are read from one-line sources, past foreign ones and comments", () => {
    const lines = `# deb http://old.example/debian bookworm main
deb [signed-by=/k.gpg] https://cloud.example/apt cloud-sdk main
deb-src http://mirror.example/source bookworm main
deb [arch=amd64 trusted=yes] http://mirror.example/debian/ bookworm main contrib # ours
`;
    expect(aptMirrors([lines], "bookworm")).toEqual({ main: "http://mirror.example/debian/" });
  });

  test("leave out a stanza that is switched off", () => {
    const off = deb822.replace("Types: deb\nURIs: http://mirror.example/security", "Enabled: no\n$&");
    expect(aptMirrors([off], "bookworm")).toEqual({ main: "http://mirror.example/debian" });
  });

  test("are Debian's own on a machine that is not Debian", () => {
    const own = { main: "http://deb.debian.org/debian", security: "http://deb.debian.org/debian-security" };
    expect(aptMirrors(["deb http://archive.example/ubuntu noble main"], undefined)).toEqual(own);
    expect(aptMirrors([], "bookworm")).toEqual(own);
  });

  test("give the sources of another release, with its security updates", () => {
    expect(sourcesFor("trixie", aptMirrors([deb822], "bookworm"))).toBe(
      "deb http://mirror.example/debian trixie main\ndeb http://mirror.example/security trixie-security main\n",
    );
  });

  test("come with the machine's proxies and certificates, and nothing else of its settings", () => {
    const dump = `APT::Architecture "amd64";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::CaInfo "/etc/ssl/own.pem";
Acquire::https::mirror.example::Proxy "DIRECT";
Acquire::http::Proxy "";
Acquire::Languages "";
`;
    expect(downloadSettings(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::CaInfo "/etc/ssl/own.pem";',
      'Acquire::https::mirror.example::Proxy "DIRECT";',
    ]);
  });
});

describe("an image", () => {
  test("is current when it was built by the recipe of now", () => {
    expect(isOf("kafka", { Config: { Labels: { "messaging.recipe": recipeHash("kafka") } } })).toBe(true);
  });

  test("is built again when its recipe has changed", () => {
    expect(isOf("kafka", { Config: { Labels: { "messaging.recipe": "0123456789abcdef" } } })).toBe(false);
  });

  test("is current when it is the official one, by its tag", () => {
    const RepoTags = ["messaging.local/rabbitmq:4.0.5", "rabbitmq:4.0.5-management"];
    expect(isOf("rabbitmq", { Config: { Labels: null }, RepoTags })).toBe(true);
    expect(isOf("rabbitmq", { Config: { Labels: null }, RepoTags: ["messaging.local/rabbitmq:4.0.5"] })).toBe(false);
    expect(isOf("rabbitmq", { Config: {}, RepoTags: null })).toBe(false);
  });

  test("is pulled by the version that it is named by", () => {
    const official = Object.values(recipes).map((recipe) => shortReference(recipe.official));
    expect(official).toEqual([
      "rabbitmq:4.0.5-management",
      "apache/kafka:4.1.0",
      "redis:8.0.2",
      "valkey/valkey:8.1.1",
      "localstack/localstack:4.4.0",
    ]);
  });
});

describe("a recipe's fingerprint", () => {
  test("changes with a file that the recipe reads", () => {
    const before = recipeHash("kafka", () => "<project/>");
    expect(recipeHash("kafka", () => "<project/>")).toBe(before);
    expect(recipeHash("kafka", () => "<project />")).not.toBe(before);
  });

  test("is another for each broker", () => {
    const all = [recipeHash("rabbitmq"), recipeHash("redis"), recipeHash("valkey"), recipeHash("kafka")];
    expect(new Set(all).size).toBe(4);
  });
});

describe("the root filesystem of a recipe", () => {
  test("has the official image's user before the package makes one of its own, and its data belongs to it", () => {
    expect(mmdebstrapOptions(recipes.redis, ['Acquire::http::Proxy "http://p";'])).toMatchInlineSnapshot(`
      [
        "--variant=essential",
        "--format=tar",
        "--include=redis-server",
        "--aptopt=Acquire::http::Proxy "http://p";",
        "--essential-hook=set -eu
      echo 'redis:x:999:999::/data:/usr/sbin/nologin' >> "$1/etc/passwd"
      echo 'redis:x:999:' >> "$1/etc/group"
      mkdir -p "$1/data"",
        "--customize-hook=set -eu
      mkdir -p "$1/data" && chown -R 999:999 "$1/data"
      rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/* "$1"/usr/share/lintian/*
      rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/var/log/apt "$1"/var/log/*.log",
      ]
    `);
  });
});

describe("an image that is not on the machine", () => {
  /** Puts a `docker` of the test's own first on the path, and gives back what it was asked for. */
  function fakeDocker(script: string): () => string[] {
    const folder = mkdtempSync(join(tmpdir(), "messaging-test-"));
    const { PATH } = process.env;
    onTestFinished(() => {
      process.env.PATH = PATH;
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, "docker"), `#!/bin/sh\necho "$*" >> ${folder}/asked\n${script}\n`);
    chmodSync(join(folder, "docker"), 0o755);
    process.env.PATH = `${folder}:${PATH}`;
    return () => readFileSync(join(folder, "asked"), "utf8").trimEnd().split("\n");
  }
  const silent = { say() {}, step: <T>(_title: string, work: (tell: () => void) => Promise<T>) => work(() => {}) };

  test("is pulled from its official registry where that answers, and named as the program names it", async () => {
    const asked = fakeDocker('[ "$1 $2" != "image inspect" ] || { echo "Error: No such image" >&2; exit 1; }');
    expect(await ensureImages(["redis"], silent)).toEqual(["redis"]);
    expect(asked()).toEqual([
      "image inspect messaging.local/redis:8.0.2",
      "image inspect messaging.local/redis:8.0.2",
      "pull docker.io/library/redis:8.0.2",
      "pull --quiet docker.io/library/redis:8.0.2",
      "tag docker.io/library/redis:8.0.2 messaging.local/redis:8.0.2",
    ]);
  });

  test("is not asked for when the engine does not answer", async () => {
    const asked = fakeDocker('echo "Cannot connect to the Docker daemon" >&2; exit 1');
    await expect(ensureImages(["redis"], silent)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Failure: The Docker engine does not answer: Cannot connect to the Docker daemon]`,
    );
    expect(asked()).toEqual(["image inspect messaging.local/redis:8.0.2"]);
  });

  test("is left alone when it is current", async () => {
    const labels = JSON.stringify([{ Config: { Labels: { "messaging.recipe": recipeHash("redis") } } }]);
    const asked = fakeDocker(`echo '${labels}'`);
    expect(await ensureImages(["redis"], silent)).toEqual([]);
    expect(asked()).toEqual(["image inspect messaging.local/redis:8.0.2"]);
  });
});
