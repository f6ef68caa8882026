"""The ledger's tables.

`release`, `release_image`, `proposal`, `event` and `delivery` are records: appended, never changed, though an archive
moves bodies of events out. `level` and `listing` are records of what observers saw: of equal ones the first and the
last are kept.
`environment`, `place`, `arrival`, `image`, `history` and `checkpoint` are derived from them, in the transaction that
adds an event, a level or a release. Lengths and alphabets are checked where input is decoded, alike for both databases,
so all text is `Text`.
"""

from piccolo.columns import BigInt, BigSerial, Boolean, Bytea, ForeignKey, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.table import Table


class Release(Table):
    """A service's version, as it was first filed. Unique: (service, version)."""

    id = BigSerial(primary_key=True)
    service = Text()
    version = Text()
    sha256 = Text(help_text="as `document`, hex, over its identity fields")
    document = Text(help_text="the waybill as number 1, which a ledger before number 2 reads")
    image_digest = Text(help_text="as `document`, of the first image; indexed where `waybill` is null")
    chart_name = Text()
    chart_digest = Text(index=True)
    source_commit = Text(index=True)
    recorded_at = Timestamptz()
    waybill = Text(
        null=True, default=None, help_text="of the first filing, as JSON, without changes; null: see `document`"
    )
    whole = Text(null=True, default=None, help_text="`waybill` with its changes; null: it has none")
    identity = Text(null=True, default=None, help_text="hex, over the identity fields of `waybill`: the receipt's")
    commits = BigInt(null=True, default=None, help_text="how many release_commit has; null: it was not looked at yet")
    committed_at = BigInt(null=True, default=None, help_text="source_commit, in seconds since 1970; null as `commits`")


class ReleaseCommit(Table):
    """A commit that a release names: its release commit, and those of its changes. Indexed: (commit, release)."""

    id = BigSerial(primary_key=True)
    release = ForeignKey(Release, null=False, on_delete=OnDelete.restrict)
    commit = Text()


class ReleaseImage(Table):
    """A digest by which an image of a release is met in a cluster. Indexed: (digest)."""

    id = BigSerial(primary_key=True)
    release = ForeignKey(Release, null=False, on_delete=OnDelete.restrict)
    name = Text(help_text="the image's")
    platform = Text(null=True, default=None, help_text="null: the digest is the image's own, else of a manifest in it")
    digest = Text()


class Proposal(Table):
    """A `gitops` part that was filed with a release. Unique: (release, sha256). Indexed:
    (artifact), the commit in `part`."""

    id = BigSerial(primary_key=True)
    release = ForeignKey(Release, null=False, on_delete=OnDelete.restrict)
    sha256 = Text(help_text="hex, over `part`")
    part = Text(help_text="the gitops part of number 1, as JSON, which a ledger before number 2 reads")
    recorded_at = Timestamptz()
    gitops = Text(null=True, default=None, help_text="the gitops part, `artifact` and `by`, as JSON; null: see `part`")
    told = Boolean(null=True, default=None, help_text="null: the history does not have it yet")
    artifact = Text(null=True, default=None, help_text="digest of its manifests in the registry; null: there are none")


class Event(Table):
    """A signed body, kept as it came, or its essence once it is archived. Unique: (environment, sha256). Indexed:
    (environment, place, at)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    sha256 = Text(help_text="hex, over `body` as it came")
    body = Bytea()
    received_at = Timestamptz()
    place = Text(null=True, default=None, help_text="namespace/name; null: the body has no effect")
    at = BigInt(null=True, default=None, help_text="seconds since 1970 that order it; null as `place`")


class Environment(Table):
    """An environment that has reported. The row is the lock of its places: they change while it is held."""

    id = BigSerial(primary_key=True)
    environment = Text(unique=True)
    events = BigInt(help_text="how many events it has; the same number means that none was added")
    confirmed_at = Timestamptz(help_text="when the newest event was received")
    observed_at = Timestamptz(null=True, default=None, help_text="when the newest snapshot was received")
    round_seconds = BigInt(null=True, default=None, help_text="for how long its observer waits between two")


class Place(Table):
    """Where a place stands after all its events. Unique: (environment, place)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text(help_text="of what began last, as in `arrival`")
    state = Text(help_text="domain/place's Standing, as JSON")
    service = Text(null=True, default=None, help_text="of what runs, or failed to; null: nothing")
    version = Text(null=True, default=None, help_text="as `service`, without build metadata")


class Arrival(Table):
    """One revision ran at a place in [started_at, ended_at); what runs now has no end.

    `service`, `chart` and `chart_digest` are those of the event. Which filed release that is, is looked up when
    reading, so that a release filed later completes the record. Unique: (environment, place, position).
    """

    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text(help_text="domain/state's `position` of the entry that began it")
    state = Text(help_text="domain/place's Standing right after that entry, of its lane alone, as JSON")
    service = Text(help_text="our annotation, else the chart's name, else the HelmRelease's")
    chart = Text(null=True, default=None, help_text="of versions before 0.3; null since then")
    version = Text(help_text="the revision without build metadata")
    build = Text(null=True, default=None, help_text="its build metadata")
    chart_digest = Text(null=True, default=None, help_text="of the manifest, where the event had it")
    started_at = BigInt(help_text="seconds since 1970")
    ended_at = BigInt(null=True, default=None)
    basis = Text(help_text="event | late | snapshot | absence")
    ended_by = Text(null=True, default=None)
    began_by = Text(null=True, default=None, help_text="Flux's reason, or seen")


class Level(Table):
    """What an observer saw of a HelmRelease, the same from `first_at` to `last_at`. Indexed: (environment, place,
    last_at)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    sha256 = Text(help_text="hex, over `body` and the place")
    body = Bytea(help_text="domain/level's Level, as JSON; empty: the HelmRelease was absent")
    first_at = BigInt(help_text="seconds since 1970; so `last_at`")
    first_version = Text(help_text="the resourceVersion then; so `last_version`")
    last_at = BigInt()
    last_version = Text()


class Listing(Table, tablename="cluster_listing"):
    """The names that a range of a cluster's namespace had when it was last read. Unique: (environment, cluster,
    namespace, begins, ends)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    cluster = Text(help_text='"": its observer did not name it')
    namespace = Text()
    begins = Text()
    ends = Text(help_text='without this name; "": to the end')
    at = BigInt(help_text="by its observer's clock, in seconds since 1970")
    names = Text(help_text="JSON")
    heard_at = BigInt(null=True, default=None, help_text="as `at`, by the ledger's clock; null: of versions before 0.3")
    round_seconds = BigInt(
        null=True,
        default=None,
        help_text="for how long its observer waits between two; 0: not regularly; null: as `heard_at`",
    )


class ArrivalImage(Table, tablename="image"):
    """A digest that was seen in a pod, or named by an event, while an arrival lasted. Unique: all columns
    but the last."""

    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text(help_text="the arrival's")
    digest = Text(index=True)
    seen = Boolean(help_text="in a pod; else it was intended")
    after = Text(default="", help_text="as of `history`, of the first time that it was found")


class Checkpoint(Table):
    """How a lane stood amid what is said of it. Unique: (environment, place, position)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text()
    position = Text(help_text="the last arrival's, with the time of the checkpoint behind it")
    state = Text(help_text="as of `arrival`")


class History(Table):
    """What occurred, beside arrivals. Indexed by position: of all, of an environment, of a service, of both, and each
    of them with a kind; (service, version, position) but of proposals; (environment, place, after) where it has one."""

    id = BigSerial(primary_key=True)
    environment = Text()
    place = Text(null=True, default=None, help_text="null: of the whole environment")
    position = Text(help_text="by which it is ordered, as arrivals are")
    after = Text(null=True, default=None, help_text="the last arrival or checkpoint before; null: no event told it")
    kind = Text()
    service = Text(null=True, default=None)
    version = Text(null=True, default=None, help_text="what it is about, without build metadata")
    build = Text(null=True, default=None)
    chart_digest = Text(null=True, default=None)
    at = BigInt(help_text="seconds since 1970")
    source = Text(help_text="event | snapshot | filing | silence | operator")
    basis = Text(null=True, default=None)
    cause = Text(null=True, default=None)
    message = Text()
    detail = Text(null=True, default=None, help_text="what the kind has of its own, as JSON")


class Unread(Table):
    """How many bodies of an environment had no effect, by the cause. Unique: (environment, cause)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    cause = Text()
    bodies = BigInt()
    last_at = Timestamptz()


class Delivery(Table):
    """What an event said of manifests that Flux gets as an artifact. Indexed: (digest), (origin)."""

    id = BigSerial(primary_key=True)
    environment = Text()
    sha256 = Text(help_text="the event's, hex")
    digest = Text(help_text="the artifact's, as Flux reports it")
    origin = Text(null=True, default=None, help_text="what it says that it was made of; null: that is not told")
    object = Text(help_text="kind/namespace/name of the object of Flux")
    outcome = Text(help_text="fetched, applied or failed")
    at = BigInt(help_text="seconds since 1970")
    message = Text(help_text="of a failure")


class Token(Table):
    """A credential, without the secret."""

    id = BigSerial(primary_key=True)
    name = Text()
    sha256 = Text(unique=True, help_text="hex, over the whole token")
    scopes = Text(help_text="separated by spaces")
    service = Text(null=True, default=None, help_text="the only service that it may write; null: any")
    created_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)


TABLES: tuple[type[Table], ...] = (
    *(Release, ReleaseCommit, ReleaseImage, Proposal, Event, Environment, Place, Arrival),
    *(Level, Listing, ArrivalImage, Checkpoint, History, Unread, Delivery, Token),
)
