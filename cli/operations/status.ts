import type { System } from "../../components/lib/system";
import { imageFault, type Container, type Image } from "../verify/checks-containers";
import { serviceNames } from "./service";

/** One container, or the lack of one, of a service. */
export interface ServiceStatus {
  readonly service: string;
  /** @default there is none */
  readonly container?: string;
  /** `running, healthy`, `exited (1)`, `missing`. */
  readonly state: string;
  /** The image as config names it, or what runs instead. */
  readonly image: string;
  /** RFC 3339. */
  readonly since?: string;
  /** Runs, is healthy, and is the image of the stack's config. */
  readonly ok: boolean;
}

/** Every container of the system by service, and the services without one. */
export function serviceStatus(
  system: System,
  wanted: Readonly<Record<string, string>>,
  containers: readonly Container[],
  images: readonly Image[],
): ServiceStatus[] {
  return serviceNames(system).flatMap((service) => {
    const image = wanted[service] ?? "";
    const own = containers.filter(({ Config }) => Config.Labels?.["homeport.service"] === service);
    if (own.length === 0) return [{ service, state: "missing", image, ok: false }];
    return own.map((container) => statusOf(service, container, images, image));
  });
}

function statusOf(
  service: string,
  container: Container,
  images: readonly Image[],
  wanted: string,
): ServiceStatus {
  const { State } = container;
  const other = imageFault(container, images, wanted);
  const health = State.Health?.Status;
  const isRunning = State.Status === "running";
  const state = isRunning
    ? ["running", ...(health === undefined ? [] : [health])].join(", ")
    : `${State.Status} (${State.ExitCode ?? "?"})`;
  return {
    service,
    container: container.Name.replace(/^\//, ""),
    state,
    image: other === undefined ? wanted : other.replace(/^it runs /, ""),
    since: isRunning ? State.StartedAt : State.FinishedAt,
    ok: isRunning && (health ?? "healthy") === "healthy" && other === undefined,
  };
}
