import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files of the engine tests share one environment, so they run in the order of their names. */
export class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}

/**
 * Messages that one file leaves another would take for its own: the commands count dead letters, of which there must be none yet in
 * Kafka's logs, and what kills leaves some of each.
 */
export class OneForTheOther extends ByName {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      if (moduleId.endsWith("/rabbitmq.test.ts")) return 0;
      if (moduleId.endsWith("/z-cli.test.ts")) return 1;
      return moduleId.includes("-crash.") ? 3 : 2;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
