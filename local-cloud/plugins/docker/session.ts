import { DaemonConnection, type Daemon } from "./daemon";
import type { ProviderConfig } from "./inputs";
import { loginsOf, type Logins } from "./registry-auth";

/** What every resource of one configured provider shares. */
export class Session {
  #connection = new DaemonConnection({});
  #logins: Logins = new Map();

  configure(config: ProviderConfig): void {
    this.#connection = new DaemonConnection(config);
    this.#logins = loginsOf(config.registryAuth ?? []);
  }

  get logins(): Logins {
    return this.#logins;
  }

  daemon(): Promise<Daemon> {
    return this.#connection.get();
  }
}
