"use client";

import Script from "next/script";
import { type FormEvent, type ReactNode, useState } from "react";

interface Props {
  /** Where the API answers, without a slash at the end. */
  readonly api: string;
  /** Empty: the API asks for no captcha. */
  readonly turnstileSiteKey: string;
}

/** Books a cleaning with the API, from the browser. */
export function BookingForm({ api, turnstileSiteKey }: Props): ReactNode {
  const [message, setMessage] = useState("");

  async function book(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    const { "cf-turnstile-response": captcha_token = "", ...order } = Object.fromEntries(new FormData(form));
    setMessage("One moment …");
    try {
      const answer = await fetch(`${api}/v1/orders`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...order, captcha_token }),
      });
      setMessage(answer.ok ? "Booked. We have sent you a mail." : `Not booked (${answer.status}).`);
      if (answer.ok) form.reset();
    } catch {
      setMessage("Not booked: no answer. Please try again.");
    }
  }

  return (
    <form onSubmit={(event) => void book(event)} data-api={api}>
      <label>
        Name <input name="name" required maxLength={100} autoComplete="name" />
      </label>
      <label>
        E-mail <input name="email" type="email" required autoComplete="email" />
      </label>
      <label>
        Address <input name="address" required maxLength={300} autoComplete="street-address" />
      </label>
      <label>
        When <input name="scheduled_for" type="datetime-local" required />
      </label>
      {turnstileSiteKey !== "" && (
        <>
          <Script src="https://challenges.cloudflare.com/turnstile/v0/api.js" />
          <div className="cf-turnstile" data-sitekey={turnstileSiteKey} />
        </>
      )}
      <button type="submit">Book</button>
      <p role="status">{message}</p>
    </form>
  );
}
