import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files of the engine tests share one environment, so they run in the order of their names. */
export class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}

/** What kills leaves messages that an ordinary test would take for its own, so it comes last. */
export class CrashesLast extends ByName {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isCrash = ({ moduleId }: TestSpecification) => moduleId.includes("-crash.");
    return [...sorted.filter((file) => !isCrash(file)), ...sorted.filter(isCrash)];
  }
}
