"""Logs: one line per event on stderr."""

import logging


class Quiet(logging.Filter):
    """Health checks leave no line, and no line shows what a link was signed with."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if record.name != "uvicorn.access" or not isinstance(args, tuple) or len(args) < 5:
            return True
        path = str(args[2]).split("?")[0]
        record.args = (*args[:2], path, *args[3:])
        return not (path.startswith(("/healthz", "/readyz")) and args[4] == 200)


def configure() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").addFilter(Quiet())
