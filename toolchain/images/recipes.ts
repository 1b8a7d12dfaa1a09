import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { BROKER_VERSIONS, type LocalBroker } from "../../components/images.ts";

/** How one broker's image is made where no image registry answers, so that it can stand in for the official one. */
export interface Recipe {
  /** The official image of the same version, which a registry that answers is asked for first. */
  official: string;
  /** The Debian release whose packages it is made of. */
  suite: "trixie" | "bookworm";
  packages: string[];
  /** Made before the packages, with the ids of the official image: a volume then fits both images. */
  user: { name: string; id: number; home: string };
  /** Directories of the user's own, where the official image keeps its data. */
  owns: string[];
  /** Programs of this machine that `prepare` starts, and the Debian packages that hold them. */
  needs?: Record<string, string>;
  /** Shell lines run on this machine before the root filesystem is made; `$FILES` is this folder, `$WORK` a folder of the build's own. */
  prepare?: string[];
  /** Shell lines run on this machine once the packages are in; `$1` is the root filesystem. */
  finish?: string[];
  /** Files of this folder that the lines above read: a change of one makes a new image. */
  reads?: string[];
  /** Dockerfile instructions. */
  config: string[];
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Maven's plugin is pinned: what is not named is taken in its newest version. */
const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

export const recipes: Record<LocalBroker, Recipe> = {
  rabbitmq: {
    official: `docker.io/library/rabbitmq:${BROKER_VERSIONS.rabbitmq}-management`,
    suite: "trixie",
    packages: ["rabbitmq-server"],
    user: { name: "rabbitmq", id: 999, home: "/var/lib/rabbitmq" },
    owns: ["/var/lib/rabbitmq", "/var/log/rabbitmq", "/etc/rabbitmq"],
    finish: [
      // Made by the package: every container of the image would share it.
      'rm -f "$1/var/lib/rabbitmq/.erlang.cookie"',
      `echo '[rabbitmq_management].' > "$1/etc/rabbitmq/enabled_plugins"`,
    ],
    config: [
      // Debian's wrapper in /usr/sbin writes the log to a file and hides the exit code.
      `ENV PATH=/usr/lib/rabbitmq/bin:${PATH} HOME=/var/lib/rabbitmq LANG=C.UTF-8`,
      'CMD ["rabbitmq-server"]',
    ],
  },
  kafka: {
    official: `docker.io/apache/kafka:${BROKER_VERSIONS.kafka}`,
    suite: "trixie",
    packages: ["openjdk-21-jre-headless"],
    user: { name: "appuser", id: 1000, home: "/home/appuser" },
    owns: ["/var/lib/kafka/data", "/home/appuser"],
    needs: { mvn: "maven" },
    prepare: [
      `mvn -q -B -f "$FILES/kafka/pom.xml" ${MAVEN_COPY} -DincludeScope=runtime -DoutputDirectory="$WORK/libs"`,
    ],
    finish: ['mkdir -p "$1/opt/kafka"', 'cp -r "$WORK/libs" "$1/opt/kafka/libs"', 'chmod -R a+rX "$1/opt/kafka"'],
    reads: ["kafka/pom.xml"],
    config: [`ENV PATH=${PATH}`, 'CMD ["java", "-cp", "/opt/kafka/libs/*", "kafka.Kafka"]'],
  },
  redis: {
    official: `docker.io/library/redis:${BROKER_VERSIONS.redis}`,
    suite: "trixie",
    packages: ["redis-server"],
    user: { name: "redis", id: 999, home: "/data" },
    owns: ["/data"],
    config: [`ENV PATH=${PATH}`, "WORKDIR /data", 'CMD ["redis-server"]'],
  },
  valkey: {
    official: `docker.io/valkey/valkey:${BROKER_VERSIONS.valkey}`,
    suite: "trixie",
    packages: ["valkey-server"],
    user: { name: "valkey", id: 999, home: "/data" },
    owns: ["/data"],
    config: [`ENV PATH=${PATH}`, "WORKDIR /data", 'CMD ["valkey-server"]'],
  },
  localstack: {
    official: `docker.io/localstack/localstack:${BROKER_VERSIONS.localstack}`,
    // LocalStack 4.4 needs the Python 3.11 of bookworm.
    suite: "bookworm",
    packages: ["python3-minimal", "python3-venv", "ca-certificates"],
    user: { name: "localstack", id: 1000, home: "/home/localstack" },
    owns: ["/var/lib/localstack", "/home/localstack"],
    finish: ['sh "$FILES/localstack/install.sh" "$1"'],
    reads: ["localstack/install.sh", "localstack/requirements.txt"],
    config: [
      `ENV PATH=/opt/code/localstack/.venv/bin:${PATH} PYTHONUNBUFFERED=1`,
      "WORKDIR /opt/code/localstack",
      'CMD ["python", "-m", "localstack.runtime.main"]',
    ],
  },
};

/** A fingerprint of everything that a recipe's image is made from, but for the packages' own versions. */
export function recipeHash(broker: LocalBroker, read = readRecipeFile): string {
  const recipe = recipes[broker];
  const hash = createHash("sha256").update(JSON.stringify([LAYOUT, recipe]));
  for (const file of recipe.reads ?? []) hash.update("\0").update(read(file));
  return hash.digest("hex").slice(0, 16);
}

/** Raised when `rootfs.ts` lays every image out in another way. */
const LAYOUT = 1;

function readRecipeFile(file: string): string {
  return readFileSync(new URL(file, import.meta.url), "utf8");
}
