import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files of the engine tests share one environment, so they run in the order of their names. */
export class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}
