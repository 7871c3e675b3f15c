import { FaultsError, formatFault, type Fault } from "../../components/lib/faults";
import { defineSystem, type ServiceSpec, type SystemSpec } from "../../components/lib/system";

/** A service that says no more than it must. */
export const SERVICE = {
  image: "web:1",
  stopGracePeriodSeconds: 10,
  healthcheck: {
    test: ["CMD", "true"],
    ...{ intervalSeconds: 1, timeoutSeconds: 1, retries: 1, startPeriodSeconds: 0 },
  },
} satisfies ServiceSpec;

/** What is wrong with a system, as its author reads it, or what `said` takes of each fault. */
export function faultsOf(spec: SystemSpec, said: (fault: Fault) => string = formatFault): string[] {
  try {
    defineSystem(spec);
    return [];
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    return error.faults.map(said);
  }
}
