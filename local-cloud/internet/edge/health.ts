import type { InternetConfig, InternetHealthcheck } from "../config";
import { probe } from "./probe";

const LOOK = 250; // ms between two looks at what is due

/** What came of a health check. */
export interface Health {
  readonly id: string;
  readonly status: "healthy" | "unhealthy";
  readonly failure_reason: string;
}

interface Watched {
  readonly text: string;
  due: number;
  fails: number;
  successes: number;
  health?: Health;
}

/** Does what the health checks say, each in its interval, and tells what came of all of them after each change. */
export class HealthChecks {
  private readonly watched = new Map<string, Watched>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly config: () => InternetConfig,
    private readonly tell: (health: readonly Health[]) => void,
  ) {
    this.timer = setInterval(() => this.look(), LOOK);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { healthchecks = [], originTrust } = this.config();
    for (const id of this.watched.keys())
      if (!healthchecks.some((one) => one.id === id)) this.watched.delete(id);
    for (const check of healthchecks) {
      const text = JSON.stringify(check);
      const before = this.watched.get(check.id);
      // another address or path begins anew, with what was found so far
      const one =
        before?.text === text ? before : { text, due: 0, fails: 0, successes: 0, health: before?.health };
      this.watched.set(check.id, one);
      if (Date.now() < one.due) continue;
      one.due = Date.now() + check.interval * 1000;
      void probe(check, originTrust).then((reason) => this.count(check, one, reason));
    }
  }

  private count(check: InternetHealthcheck, one: Watched, reason: string): void {
    if (this.watched.get(check.id) !== one) return;
    one.fails = reason === "" ? 0 : one.fails + 1;
    one.successes = reason === "" ? one.successes + 1 : 0;
    const isOver = one.fails >= check.consecutiveFails || one.successes >= check.consecutiveSuccesses;
    const status = reason === "" ? "healthy" : "unhealthy";
    if (!isOver || one.health?.status === status) return;
    one.health = { id: check.id, status, failure_reason: reason };
    console.log(`health check ${check.id}: ${status} ${reason}`);
    this.tell([...this.watched.values()].flatMap(({ health }) => (health ? [health] : [])));
  }
}
