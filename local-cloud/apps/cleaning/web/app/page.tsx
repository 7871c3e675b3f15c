import { connection } from "next/server";
import type { ReactNode } from "react";
import { BookingForm } from "./booking-form";

/** The server's environment is read when a visitor asks: one build for every domain. */
export default async function Page(): Promise<ReactNode> {
  await connection();
  return (
    <>
      <h1>Cleaning</h1>
      <p>A clean home, booked in a minute.</p>
      <BookingForm
        api={process.env.PUBLIC_BASE_URL ?? "http://localhost:8000"}
        turnstileSiteKey={process.env.TURNSTILE_SITE_KEY ?? ""}
      />
    </>
  );
}
