// What a project of one's own imports from "homeport".
export { deploySystem, type DeployedSystem } from "./deploy-system";
export {
  defineSystem,
  type DatabaseSpec,
  type GeneratedSecret,
  type Healthcheck,
  type KeptSecret,
  type SecretSpec,
  type ServiceSpec,
  type System,
  type SystemSpec,
  type TurnstileSecret,
} from "./lib/system";
export type {
  EdgeRateLimitSpec,
  EdgeRedirectSpec,
  EdgeRuleSpec,
  EdgeSpec,
  MonitorSpec,
  NotifySpec,
  TurnstileSpec,
} from "./lib/system-edge";
export type { UnitSpec } from "./lib/system-units";
export type { RateLimitSpec, RouteSpec, SiteSpec } from "./lib/system-sites";
export type { AnswerCheckSpec, CommandCheckSpec, SystemCheckSpec } from "./lib/system-checks";
export type { FilesSpec } from "./lib/system-files";
export type { ComposedSecret } from "./lib/system-secrets";
export type { VariableRule, VariablesSpec } from "./lib/system-variables";
export type { DkimSpec, MailPolicy, MailSpec } from "./lib/system-mail";
