import type { System } from "../../components/lib/system";
import type { Step } from "../output";
import type { PulumiStack } from "../pulumi";
import { checkedConfig } from "../stack-config";
import { clearLeftovers } from "./clear-leftovers";
import { clearLeftoverRecords } from "./leftover-records";

/** Removes what an interrupted run left in both APIs, or refuses; before anything is made there. */
export function leftoverStep(stack: PulumiStack, system: System): Step {
  return {
    title: "look for leftovers of an interrupted run",
    run: async (note) => {
      const config = await stack.config();
      checkedConfig(stack.name, config);
      const removed = [
        ...(await clearLeftovers(stack, config, system.name)),
        ...(await clearLeftoverRecords(stack, config, system)),
      ];
      note(removed.length === 0 ? "none" : `removed ${removed.join("; ")}`);
    },
  };
}
