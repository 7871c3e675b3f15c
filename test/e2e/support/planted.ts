import { expect, it } from "vitest";
import { expectFound, type Batches } from "./planting";
import type { Project } from "./project";

/** What a system's tests say of its planted defects, in their order among the others. */
export function findsEveryDefect(project: Project, defects: Batches): void {
  it.each(Object.entries(defects))("verify finds every defect %s", async (_, batch) => {
    await expectFound(project, batch);
  });

  it("is green again when all of them are put right", async () => {
    expect(Object.values(defects).flat().length).toBeGreaterThanOrEqual(20);
    await project.green();
  });
}
