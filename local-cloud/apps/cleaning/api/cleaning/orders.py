"""Orders from the public, their photos, and what a client sees of them."""

import hashlib
from datetime import datetime
from typing import Annotated, NoReturn
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, EmailStr, Field
from sqlalchemy import select

from .captcha import human
from .database import Database
from .limits import limited
from .models import Client, Mail, Order, Photo
from .portal import authorize, client_token, photo_allowed, photo_url
from .settings import settings

# What a photo's first bytes say it is; its name and declared type are the sender's word only.
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}

router = APIRouter(prefix="/v1")


class NewOrder(BaseModel):
    name: str = Field(min_length=1, max_length=100)
    email: EmailStr
    address: str = Field(min_length=1, max_length=300)
    scheduled_for: datetime
    captcha_token: str = Field(default="", max_length=2048)


@router.post("/orders", status_code=201, dependencies=[Depends(limited)])
def create(new: NewOrder, database: Database, _: Annotated[None, Depends(human)]) -> dict[str, object]:
    client = database.scalar(select(Client).where(Client.email == new.email))
    if client is None:
        client = Client(name=new.name, email=new.email)
        database.add(client)
    order = Order(client=client, address=new.address, scheduled_for=new.scheduled_for)
    database.add(order)
    database.flush()
    token = client_token(order.id)
    link = f"{settings().client_portal_base_url.rstrip('/')}/orders/{order.id}?token={token}"
    text = f"Dear {new.name},\n\nwe come on {new.scheduled_for:%d %B %Y}. Your order: {link}\n"
    database.add(Mail(recipient=new.email, subject="Your cleaning is booked", body=text))
    return {"id": order.id, "status": "new", "portal_token": token}


@router.get("/orders/{order_id}")
def show(order_id: UUID, token: str, database: Database) -> dict[str, object]:
    authorize(order_id, token)
    order = database.get(Order, order_id) or missing()
    return {
        "id": order.id,
        "name": order.client.name,
        "address": order.address,
        "scheduled_for": order.scheduled_for,
        "status": order.status,
        "photos": [describe(photo) for photo in order.photos],
    }


@router.post("/orders/{order_id}/photos", status_code=201)
def upload(order_id: UUID, token: str, photo: UploadFile, database: Database) -> dict[str, object]:
    authorize(order_id, token)
    order = database.get(Order, order_id) or missing()
    config = settings()
    content = photo.file.read(config.order_photo_max_bytes + 1)
    if len(content) > config.order_photo_max_bytes:
        raise HTTPException(413, f"photo larger than {config.order_photo_max_bytes} bytes")
    kind = next((kind for start, kind in KINDS.items() if content.startswith(start)), None)
    if kind is None:
        raise HTTPException(415, "photo must be a JPEG or PNG")
    row = Photo(order_id=order.id, content_type=kind, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    database.add(row)
    database.flush()
    folder = config.order_upload_root / str(order.id)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{row.id}.tmp"
    draft.write_bytes(content)
    draft.rename(folder / str(row.id))  # whole or not at all
    return describe(row)


@router.get("/photos/{photo_id}")
def download(photo_id: UUID, signature: str, database: Database) -> FileResponse:
    photo_allowed(photo_id, signature)
    photo = database.get(Photo, photo_id) or missing()
    file = settings().order_upload_root / str(photo.order_id) / str(photo.id)
    if not file.is_file():
        raise HTTPException(410, "the photo's file is gone")
    return FileResponse(file, media_type=photo.content_type, headers={"Cache-Control": "private, no-store"})


def describe(photo: Photo) -> dict[str, object]:
    return {"id": photo.id, "sha256": photo.sha256, "size": photo.size, "url": photo_url(photo.id)}


def missing() -> NoReturn:
    raise HTTPException(404, "not found")
