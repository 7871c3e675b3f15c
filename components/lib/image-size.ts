import { specFault as fault, type Fault } from "./faults";
import type { ServiceSpec } from "./system";

const SIZE = /^([1-9]\d{0,5})(MB|GB)$/;

/** Bytes of `500MB` or `2GB`, as Docker counts them; undefined for anything else. */
export function imageBytes(size: string): number | undefined {
  const [, count, unit] = SIZE.exec(size) ?? [];
  return count === undefined ? undefined : Number(count) * (unit === "GB" ? 1e9 : 1e6);
}

/** Whether a service's limit is one. */
export function imageSizeFaults(path: string, { maxImageSize }: ServiceSpec): Fault[] {
  if (maxImageSize === undefined || imageBytes(maxImageSize) !== undefined) return [];
  return [fault(`${path}.maxImageSize`, "be whole megabytes or gigabytes", maxImageSize, 'write "500MB"')];
}
