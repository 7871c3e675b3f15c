interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

const FIELDS: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12 },
  { name: "day of week", min: 0, max: 7 },
];
const ITEM = /^(\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/**
 * What is wrong with a cron schedule, continuing "must …", or `undefined`. Five numeric fields with lists, ranges
 * and steps: what every cron reads alike. Month and day names, `@reboot` and the like are refused, and so is `%`,
 * which cron turns into a line break.
 */
export function cronFault(text: string): string | undefined {
  const fields = text.split(" ");
  if (fields.length !== FIELDS.length) {
    return "be five cron fields with one space between them: minute hour day month weekday";
  }
  for (const [index, field] of FIELDS.entries()) {
    if (!(fields[index] ?? "").split(",").every((item) => isItem(item, field))) {
      return `give the ${field.name} as numbers from ${field.min} to ${field.max}, with * , - / only`;
    }
  }
  return undefined;
}

function isItem(item: string, field: Field): boolean {
  const [match, base, from, to, step] = ITEM.exec(item) ?? [];
  if (match === undefined || !isStep(step, field)) return false;
  if (base === "*") return true;
  // "5/10" is read by some crons as "5-59/10" and refused by others
  if (step !== undefined && to === undefined) return false;
  return isRange(Number(from), Number(to ?? from), field);
}

function isStep(step: string | undefined, field: Field): boolean {
  return step === undefined || (Number(step) >= 1 && Number(step) <= field.max);
}

function isRange(low: number, high: number, field: Field): boolean {
  return field.min <= low && low <= high && high <= field.max;
}
