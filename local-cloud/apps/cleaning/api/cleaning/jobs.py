"""The jobs' process: beats, sends what waits in the outbox, and answers /healthz on :8001."""

import logging
import os
import signal
import smtplib
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import httpx
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .database import engine
from .logs import configure
from .mail import send
from .models import Heartbeat, Mail
from .settings import settings

log = logging.getLogger("cleaning.jobs")
MAX_ATTEMPTS = 12  # the last one a day after the mail was written
RETRY = timedelta(seconds=20)  # doubles with every attempt
last_round = -1e9  # monotonic seconds


def beat() -> None:
    now = func.clock_timestamp()
    row = insert(Heartbeat).values(runner_id=settings().job_runner_id, beat_at=now)
    with engine().begin() as connection:
        connection.execute(row.on_conflict_do_update(index_elements=["runner_id"], set_={"beat_at": now}))
    if settings().better_stack_heartbeat_url:
        try:
            httpx.get(settings().better_stack_heartbeat_url, timeout=5).raise_for_status()
        except httpx.HTTPError as error:
            log.warning("outside heartbeat failed: %s", type(error).__name__)


def send_mails() -> None:
    """A mail is sent once, by one runner: its row is locked until it is marked."""
    if settings().email_mode == "off":
        return
    due = Mail.created_at + RETRY * (func.power(2, Mail.attempts) - 1)
    waiting = select(Mail).where(Mail.sent_at.is_(None), Mail.attempts < MAX_ATTEMPTS, due <= func.now())
    with Session(engine()) as session, session.begin():
        for mail in session.scalars(waiting.order_by(Mail.created_at).limit(20).with_for_update(skip_locked=True)):
            mail.attempts += 1
            try:
                send(settings(), mail.recipient, mail.subject, mail.body)
                mail.sent_at = func.now()
            except (OSError, smtplib.SMTPException, httpx.HTTPError) as error:
                log.warning("mail %s not sent, attempt %d: %s", mail.id, mail.attempts, type(error).__name__)


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        fresh = monotonic() - last_round <= settings().job_heartbeat_max_age_seconds
        status = (200 if fresh else 503) if self.path == "/healthz" else 404
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"status":"ok"}' if status == 200 else b'{"status":"unavailable"}')

    def log_message(self, *_: object) -> None:
        """Health checks leave no line in the log."""


def main() -> None:
    global last_round
    configure()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8001"))), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log.info("jobs run as %s", settings().job_runner_id)
    while not stop.is_set():
        try:
            if settings().jobs_enabled:
                send_mails()
                beat()
            last_round = monotonic()
        except SQLAlchemyError as error:
            log.warning("round failed: %s", type(error).__name__)
        stop.wait(settings().job_interval_seconds)


if __name__ == "__main__":
    main()
