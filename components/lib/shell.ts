declare const quoted: unique symbol;

/** Text that stands for one word in a POSIX shell; only {@link shellQuote} makes it. */
export type ShellArg = string & { readonly [quoted]: true };

/** One word for `sh`, whatever the text holds. @throws Error on NUL, which no argument can carry. */
export function shellQuote(text: string): ShellArg {
  if (text.includes("\0"))
    throw new Error("shell argument: must hold no NUL, got one; fix: pass it on stdin");
  return `'${text.replaceAll("'", `'\\''`)}'` as ShellArg;
}
