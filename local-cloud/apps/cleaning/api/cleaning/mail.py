"""Sends one message as EMAIL_MODE says."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formataddr, make_msgid

import httpx

from .settings import Settings


def send(config: Settings, recipient: str, subject: str, body: str) -> None:
    if config.email_mode == "smtp":
        by_smtp(config, recipient, subject, body)
    elif config.email_mode == "sendgrid":
        by_sendgrid(config, recipient, subject, body)


def by_smtp(config: Settings, recipient: str, subject: str, body: str) -> None:
    message = EmailMessage()
    message["From"] = formataddr((config.email_from_name, config.email_from))
    message["To"], message["Subject"], message["Message-ID"] = recipient, subject, make_msgid()
    message.set_content(body)
    tls = ssl.create_default_context()
    implicit = config.smtp_port == 465
    server = (
        smtplib.SMTP_SSL(config.smtp_host, config.smtp_port, timeout=10, context=tls)
        if implicit
        else smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=10)
    )
    with server:
        if config.smtp_starttls and not implicit:
            server.starttls(context=tls)
        if config.smtp_username:
            server.login(config.smtp_username, config.smtp_password)
        server.send_message(message)


def by_sendgrid(config: Settings, recipient: str, subject: str, body: str) -> None:
    message = {
        "personalizations": [{"to": [{"email": recipient}]}],
        "from": {"email": config.email_from, "name": config.email_from_name},
        "subject": subject,
        "content": [{"type": "text/plain", "value": body}],
    }
    headers = {"Authorization": f"Bearer {config.sendgrid_api_key}"}
    httpx.post(config.sendgrid_url, json=message, headers=headers, timeout=10).raise_for_status()
