/**
 * The API's rate limit: a bucket that refills all the time. The real one holds 3600 requests and gains one per
 * second; here it gains 50, because the provider polls every 50 ms instead of every 500.
 */
export class RateLimit {
  private remaining: number;
  private last: number;

  constructor(
    private readonly now: () => Date,
    readonly limit = 3600,
    private readonly perSecond = 50,
  ) {
    this.remaining = limit;
    this.last = now().getTime();
  }

  /** Counts one request; false when there is none left. */
  take(): boolean {
    const time = this.now().getTime();
    this.remaining = Math.min(this.limit, this.remaining + ((time - this.last) / 1000) * this.perSecond);
    this.last = time;
    if (this.remaining < 1) return false;
    this.remaining -= 1;
    return true;
  }

  headers(): Record<string, string> {
    const seconds = (this.limit - this.remaining) / this.perSecond;
    return {
      "RateLimit-Limit": String(this.limit),
      "RateLimit-Remaining": String(Math.floor(this.remaining)),
      "RateLimit-Reset": String(Math.ceil(this.last / 1000 + seconds)),
    };
  }
}
