"""A mail server on loopback that keeps what comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from tests.conftest import free_port


class Inbox(MessageHandler):
    """The mails that came, and the address that they are sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []
        self.url = ""

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@contextmanager
def mail_inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    controller: Any = Controller(inbox, hostname="127.0.0.1", port=free_port())
    inbox.url = f"smtp://127.0.0.1:{controller.port}"
    controller.start()
    yield inbox
    controller.stop()
