"""What the FastAPI peer keeps, as SQLAlchemy has it."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Table(DeclarativeBase):
    pass


class Token(Table):
    __tablename__ = "token"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)


class Release(Table):
    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("service", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    service: Mapped[str]
    version: Mapped[str]
    sha256: Mapped[str]
    document: Mapped[str]
    image_digest: Mapped[str] = mapped_column(index=True)
    chart_digest: Mapped[str] = mapped_column(index=True)
    recorded_at: Mapped[str]
    proposals: Mapped[list["Proposal"]] = relationship()


class Proposal(Table):
    __tablename__ = "proposal"
    id: Mapped[int] = mapped_column(primary_key=True)
    release: Mapped[int] = mapped_column(ForeignKey("release.id"), index=True)
    part: Mapped[str]


class Event(Table):
    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("environment", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    environment: Mapped[str]
    sha256: Mapped[str]
    body: Mapped[bytes]
    received_at: Mapped[str]


class Arrival(Table):
    __tablename__ = "arrival"
    __table_args__ = (UniqueConstraint("environment", "place", "started_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    environment: Mapped[str]
    place: Mapped[str]
    service: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    started_at: Mapped[str]
    ended_at: Mapped[str | None]
    health: Mapped[str]
